/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A report as one page of HTML that needs nothing else and runs nothing: no script, no font, no picture from elsewhere,
 * and a policy that has the browser refuse them. See cli/report_out.h. */

#include "cli/report_markup.h"
#include "cli/report_plot.h"

#include <stdlib.h>

/* Rows of a section: more of them no browser shows with ease. */
enum { PAGE_ROWS = 500, COMPLETE_ROWS = 20000 };

static int64_t max_rows(const struct bulla_report_section *section) {
  return section->is_complete ? COMPLETE_ROWS : PAGE_ROWS;
}

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1b2330;--soft:#5c6675;--line:#dde2ea;--card:#f5f7fa;"
    "--opened:#2f6fde;--changed:#8d99ad;--refused:#d8452e;--alarm:#fdecea}"
    "@media(prefers-color-scheme:dark){:root{--bg:#12161d;--fg:#e6eaf1;--soft:#98a3b5;--line:#2c3442;--card:#1a202a;"
    "--opened:#6ba3ff;--changed:#77839a;--refused:#ff7a62;--alarm:#3a1a16}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:76rem;padding:2rem 1.5rem 4rem;background:var(--bg);color:var(--fg);"
    "font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",\"DejaVu Sans\",sans-serif}"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2.2rem 0 .3rem}"
    "p{margin:.2rem 0 .6rem}.sub,.note,figcaption{color:var(--soft)}.sub{overflow-wrap:anywhere}"
    ".note{max-width:60rem;font-size:.88rem}.none{color:var(--soft);margin:1.2rem 0}"
    ".facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:.6rem;margin:1.2rem 0}"
    ".facts div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.55rem .75rem}"
    ".facts dt{color:var(--soft);font-size:.8rem;line-height:1.3}"
    ".facts dd{margin:0;font-size:1.2rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}"
    ".facts .t dd{font-size:.9rem;line-height:1.8}"
    "figure{margin:1.2rem 0;padding:.9rem 1rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:.5rem;break-inside:avoid}figcaption{font-weight:600;color:var(--fg);margin-bottom:.4rem}"
    "svg{display:block;width:100%;height:auto;margin-top:.5rem}svg text{fill:var(--soft);font-size:12px}svg "
    ".name{fill:var(--fg)}"
    ".opened{fill:var(--opened)}.changed{fill:var(--changed)}.refused{fill:var(--refused)}"
    ".grid{stroke:var(--line);stroke-width:1}"
    ".key{display:inline-block;margin-right:1.1rem;font-weight:400;color:var(--soft);font-size:.85rem}"
    ".key svg{display:inline-block;margin-top:0;width:.8em;height:.8em;margin-right:.35em}"
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(26rem,1fr));gap:0 1rem}"
    ".wide{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:.88rem}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--line)}"
    "th{color:var(--soft);font-weight:600;white-space:nowrap}td{overflow-wrap:anywhere;min-width:5.5rem}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;min-width:0}.t{white-space:nowrap}"
    ".alarm{background:var(--alarm);border-left:.3rem solid var(--refused);padding:.6rem 1rem;margin:1.2rem 0;"
    "border-radius:.3rem}.alarm h2{margin-top:0;color:var(--refused)}"
    "@media print{body{max-width:none;padding:0;font-size:11px}tr{break-inside:avoid}h2{break-after:avoid}"
    "thead{display:table-header-group}}";

static enum bulla_status begin_page(struct bulla_report_sink *sink, const struct bulla_report_head *head) {
  bulla_html_put(sink,
                 "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                 "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
                 "<meta name=\"referrer\" content=\"no-referrer\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
  bulla_html_text(sink, bulla_text(head->title));
  bulla_html_put(sink, "</title>\n<style>");
  bulla_html_put(sink, style);
  bulla_html_put(sink, "</style>\n</head>\n<body>\n<h1>");
  bulla_html_text(sink, bulla_text(head->title));
  bulla_html_put(sink, "</h1>\n<p class=\"sub\">");
  bulla_html_text(sink, bulla_text(head->subtitle));
  bulla_html_put(sink, "</p>\n");
  return sink->failed;
}

static void put_cell(struct bulla_report_sink *sink, const struct bulla_cell *cell) {
  char room[64];
  struct bulla_span text = cell->type == BULLA_CELL_TEXT ? cell->text : bulla_cell_text_of(room, cell);
  bulla_html_text(sink, text);
}

static bool is_number(const struct bulla_cell *cell) {
  return cell->type == BULLA_CELL_NUMBER;
}

static bool is_time(const struct bulla_cell *cell) {
  return cell->type == BULLA_CELL_SECONDS || cell->type == BULLA_CELL_MICROSECONDS;
}

static enum bulla_status page_facts(struct bulla_report_sink *sink, const struct bulla_report_fact *facts, size_t num) {
  bulla_html_put(sink, "<dl class=\"facts\">\n");
  for (size_t i = 0; i < num; i++) {
    if (facts[i].cell.type != BULLA_CELL_NONE) {
      bulla_html_format(sink, "<div%s><dt>%s</dt><dd>", is_time(&facts[i].cell) ? " class=\"t\"" : "", facts[i].label);
      put_cell(sink, &facts[i].cell);
      bulla_html_put(sink, "</dd></div>\n");
    }
  }
  bulla_html_put(sink, "</dl>\n");
  return sink->failed;
}

static enum bulla_status page_plots(struct bulla_report_sink *sink, const struct bulla_report *report) {
  bulla_plot_all(sink, report);
  return sink->failed;
}

static void put_header(struct bulla_report_sink *sink, const struct bulla_cell *cells) {
  const struct bulla_report_section *section = sink->section;
  bulla_html_format(sink, "<section class=\"%s\">\n<h2>", section->is_alarm ? "alarm" : "part");
  bulla_html_put(sink, section->title);
  bulla_html_put(sink, "</h2>\n");
  if (section->note != NULL) {
    bulla_html_put(sink, "<p class=\"note\">");
    bulla_html_text(sink, bulla_text(section->note));
    bulla_html_put(sink, "</p>\n");
  }
  bulla_html_put(sink, "<div class=\"wide\"><table>\n<thead><tr>");
  for (size_t i = 0; section->columns[i] != NULL; i++) {
    bulla_html_put(sink, is_number(&cells[i]) ? "<th class=\"n\">" : "<th>");
    for (const char *c = section->columns[i]; *c != '\0'; c++) {
      bulla_html_format(sink, "%c", *c == '_' ? ' ' : *c);
    }
    bulla_html_put(sink, "</th>");
  }
  bulla_html_put(sink, "</tr></thead>\n<tbody>\n");
}

static enum bulla_status page_row(struct bulla_report_sink *sink, const struct bulla_cell *cells) {
  if (sink->num_rows == 0) {
    put_header(sink, cells);
  }
  if (sink->num_rows >= max_rows(sink->section)) {
    return sink->failed;
  }
  bulla_html_put(sink, "<tr>");
  for (size_t i = 0; sink->section->columns[i] != NULL; i++) {
    bulla_html_put(sink, is_number(&cells[i]) ? "<td class=\"n\">" : is_time(&cells[i]) ? "<td class=\"t\">" : "<td>");
    put_cell(sink, &cells[i]);
    bulla_html_put(sink, "</td>");
  }
  bulla_html_put(sink, "</tr>\n");
  return sink->failed;
}

static enum bulla_status close_page(struct bulla_report_sink *sink) {
  if (sink->num_rows > 0) {
    bulla_html_put(sink, "</tbody></table></div>\n");
    if (sink->num_rows > max_rows(sink->section)) {
      bulla_html_format(sink, "<p class=\"note\">and %lld more: --json prints all</p>\n",
                        (long long)(sink->num_rows - max_rows(sink->section)));
    }
    bulla_html_put(sink, "</section>\n");
  } else if (sink->section->none != NULL) {
    bulla_html_put(sink, "<p class=\"none\">");
    bulla_html_text(sink, bulla_text(sink->section->none));
    bulla_html_put(sink, "</p>\n");
  }
  return sink->failed;
}

static enum bulla_status end_page(struct bulla_report_sink *sink) {
  bulla_html_put(sink, "</body>\n</html>\n");
  BULLA_TRY(sink->failed);
  return bulla_out_file_write(sink->file, bulla_span(sink->held, sink->num_held));
}

static const struct bulla_report_sink_type page_type = {begin_page, page_facts, page_plots, NULL,
                                                        page_row,   close_page, end_page};

struct bulla_report_sink *bulla_report_page_new(struct bulla_cli *cli, struct bulla_out_file *file) {
  struct bulla_report_sink *sink = calloc(1, sizeof(*sink));
  if (sink != NULL) {
    sink->type = &page_type;
    sink->cli = cli;
    sink->file = file;
  }
  return sink;
}

# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Draws figures as SVG that needs nothing else: no script, no style sheet, no font, on a ground of its own."""

import html

INK, FAINT, GROUND = "#1f2328", "#d0d7de", "#ffffff"
FIRST, SECOND = "#0a5fb4", "#b35900"
WIDTH = 900


class Drawing:
    """Shapes, by pixels from the upper left corner."""

    def __init__(self, height, title):
        self.height = height
        self.parts = [f"<title>{html.escape(title)}</title>",
                      f'<rect width="{WIDTH}" height="{height}" fill="{GROUND}"/>']

    def text(self, x, y, words, size=12, anchor="start", color=INK, weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
                          f'fill="{color}" font-weight="{weight}">{html.escape(str(words))}</text>')

    def box(self, x, y, width, height, color):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                          f'fill="{color}"/>')

    def line(self, points, color, width=1.5):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"/>')

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.height}" '
                f'viewBox="0 0 {WIDTH} {self.height}" font-family="sans-serif" role="img">\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def short(number):
    """Returns a number of executions in three digits."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.0f}"


def thinned(points, room=240):
    """Returns at most about |room| of the points, the last of them with certainty."""
    step = max(1, len(points) // room)
    return points[:-1:step] + points[-1:]


def rates(samples, num_spans=60):
    """Returns (seconds, executions a second) over equal spans of time, for as many as the samples tell apart."""
    points, since = [], (0.0, 0)
    span = samples[-1][0] / num_spans if samples else 0
    for now, executions, *_ in samples:
        if now - since[0] >= span > 0:
            points.append((now, (executions - since[1]) / (now - since[0])))
            since = (now, executions)
    return points


def curve(drawing, points, left, top, width, height, color, last_second):
    """Draws a curve from zero up to its greatest value."""
    highest = max((value for _, value in points), default=0) or 1
    drawing.line([(left, top + height), (left + width, top + height)], FAINT, 1)
    if points:
        drawing.line([(left + width * second / last_second, top + height - height * value / highest)
                      for second, value in thinned(points)], color)


def fuzzing(rows, title):
    """Draws rows of (name, samples, executions a second): executions a second and coverage over time."""
    row_height, top = 46, 64
    drawing = Drawing(top + row_height * len(rows) + 30, title)
    drawing.text(12, 24, title, 16, weight="bold")
    last_second = max([1] + [samples[-1][0] for _, samples, _ in rows if samples])
    drawing.text(WIDTH - 12, 24, "each curve from 0 to its highest", 11, "end")
    left, wide = (180, 540), 260
    for x, words, color in ((left[0], "executions a second", FIRST), (left[1], "edges covered", SECOND)):
        drawing.text(x, 50, words, 12, color=color, weight="bold")
    for number, (name, samples, rate) in enumerate(rows):
        y = top + row_height * number
        drawing.text(12, y + 32, name, 12)
        speed = rates(samples)
        curve(drawing, speed, left[0], y + 8, wide, row_height - 14, FIRST, last_second)
        drawing.text(left[0] + wide + 6, y + 32, short(rate), 12, color=FIRST)
        edges = [(second, coverage) for second, _, coverage, *_ in samples]
        curve(drawing, edges, left[1], y + 8, wide, row_height - 14, SECOND, last_second)
        drawing.text(left[1] + wide + 6, y + 32, edges[-1][1] if edges else 0, 12, color=SECOND)
    bottom = drawing.height - 10
    for x in left:
        drawing.text(x, bottom, "0 s", 11)
        drawing.text(x + wide, bottom, f"{last_second:.0f} s", 11, "end")
    return drawing.svg()


def coverage(rows, title):
    """Draws rows of (name, lines in percent, branches in percent or None, whether it is a total)."""
    row_height, top = 17, 64
    drawing = Drawing(top + row_height * len(rows) + 12, title)
    drawing.text(12, 24, title, 16, weight="bold")
    left, wide = (220, 560), 260
    for x, words, color in ((left[0], "lines", FIRST), (left[1], "branches", SECOND)):
        drawing.text(x, 50, words, 12, color=color, weight="bold")
    for number, (name, lines, branches, total) in enumerate(rows):
        y = top + row_height * number
        drawing.text(12, y + 12, name, 12, weight="bold" if total else "normal")
        for x, percent, color in ((left[0], lines, FIRST), (left[1], branches, SECOND)):
            if percent is None:
                continue
            drawing.box(x, y + 3, wide, row_height - 6, "#eef1f4")
            drawing.box(x, y + 3, wide * percent / 100, row_height - 6, color)
            drawing.text(x + wide + 6, y + 12, f"{percent:.1f} %", 11, weight="bold" if total else "normal")
    return drawing.svg()

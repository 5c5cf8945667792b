/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The cases of JWE by the names of their rows. The keys are for the benchmarks alone: everybody has them. */

#include "bench/jwe_case.h"

#include <stdio.h>
#include <stdlib.h>

static const struct bench_jwk keys[] = {
    {"oct:16", NULL, "{\"kty\":\"oct\",\"k\":\"WTvsniN3ZuvcddWQwpdJIQ\"}"},
    {"oct:24", NULL, "{\"kty\":\"oct\",\"k\":\"RQDzDAklYKdrUuQ4lYTe07lHapFqYjAg\"}"},
    {"oct:32", NULL, "{\"kty\":\"oct\",\"k\":\"F0RXDwbcjflMcXJv6qTB4QwX5h9iKFrI5eCc5K1YOBI\"}"},
    {"oct:48", NULL, "{\"kty\":\"oct\",\"k\":\"N0WlYKYkeOnaM0wm6YscB7IJLhhBsaMbORONLt4PrA3uUqZhRSTgBLD-oKK-oCL6\"}"},
    {"oct:64", NULL,
     "{\"kty\":\"oct\",\"k\":\"AtzqYIpeSgd-q_Yk5LRcBc3Hsd4HhI5LY-jphO9P3OZu-YSc6va0CAlB3mJyk_tJ-"
     "ELHofBgOSFckQvml7sDSA\"}"},
    {"P-256",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"qRiLBEX1iW6DSc6dnsNnQwfUqki1rcXsc273XTarbpI\",\"y\":\"YxnP2aHUb_YOEyJ"
     "MdldTC7qNN896S7lOwea2f7JTbcM\"}",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"qRiLBEX1iW6DSc6dnsNnQwfUqki1rcXsc273XTarbpI\",\"y\":\"YxnP2aHUb_YOEyJ"
     "MdldTC7qNN896S7lOwea2f7JTbcM\",\"d\":\"3TSc1tmb3RgPno9hwlGP6oGDLdh8rdtddUzT6BoBT5c\"}"},
    {"P-384",
     "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"dzWznTrh92Xql6ff7himCJOYs3p4Gx9-mvd8Uazusq5d1Ohnofh66VXbdK6izIVr\""
     ",\"y\":\"eezPk6qN4dquPQhtI0Zx0-GlEYwpsuX9XEiVGADZjLgddz_tAgTiN4yCKC7U8drG\"}",
     "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"dzWznTrh92Xql6ff7himCJOYs3p4Gx9-mvd8Uazusq5d1Ohnofh66VXbdK6izIVr\""
     ",\"y\":\"eezPk6qN4dquPQhtI0Zx0-GlEYwpsuX9XEiVGADZjLgddz_tAgTiN4yCKC7U8drG\",\"d\":\"bF-3uTR7PtE9betJMQo"
     "Nywbw3sVFzpj5928_c_mviOBKmy7HMkjdlTuyeffitRWI\"}"},
    {"P-521",
     "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AR1e6Kz_XOD77T9CRstebwYifgaooML9JX-KJC2W4lcI2pvgIBIissbdLEJL7bNyP"
     "JO0bis70jrYK-6IEYc-AdYE\",\"y\":\"AOwgf9642eHBjpBRzPwH9PjVUGE6fNZeRnJCV1jPZZlrEWbvXJUqF437NGh7QlZ_TD"
     "7BMthPBqWaCV0lnvCo165F\"}",
     "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AR1e6Kz_XOD77T9CRstebwYifgaooML9JX-KJC2W4lcI2pvgIBIissbdLEJL7bNyP"
     "JO0bis70jrYK-6IEYc-AdYE\",\"y\":\"AOwgf9642eHBjpBRzPwH9PjVUGE6fNZeRnJCV1jPZZlrEWbvXJUqF437NGh7QlZ_TD"
     "7BMthPBqWaCV0lnvCo165F\",\"d\":\"AH-P5w9oEqY4o-QGB7IRJnQ3si_aOVWXu_Gbx0hRONZNdbvm48KwqeDC_DwgoikEnJs"
     "OdFjd2qMQOKRfsshZOyyt\"}"},
    {"X25519", "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"Yx_eNcWnXBZvzttDgKKxxtcFG8GDwamytubjHQdSBiY\"}",
     "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"Yx_eNcWnXBZvzttDgKKxxtcFG8GDwamytubjHQdSBiY\",\"d\":\"YF8MtVaFLoIio"
     "hgPNcpacx4n5l-wqSlR24HYN06ny0g\"}"},
    {"RSA",
     "{\"kty\":\"RSA\",\"n\":\"wkGS7tATcRVyF6ui8wCLsVGS9sf7KY6_h_fOLnAAOOfZcGRCz9PWp8Y7YXSKRqk7P_F667B1FdvpoO"
     "1uvPuGRxn8WTkEgkTGetL5H0LcAlVFz-_r60hRwpg8l3Y14sqPGdlOtXPC2ezTd7H03cFNGqId1sa5oWhESWrHUrp179q1_y"
     "CxrENwjnVpAlRt4-rzELHcmF70eGB_HCEBX_o5D-4VvHMmyCoBP8x2LEadnvaAScVL1ONhn9X4mcp4okr6gE6lDdIlhaoD9N"
     "b_AmqUzHhU6nSDyfPmXlYArpxS8EhmCvwLO1Cop2Gq7u72iHBum2JOmzZpDbU79W-H_09AcQ\",\"e\":\"AQAB\"}",
     "{\"kty\":\"RSA\",\"n\":\"wkGS7tATcRVyF6ui8wCLsVGS9sf7KY6_h_fOLnAAOOfZcGRCz9PWp8Y7YXSKRqk7P_F667B1FdvpoO"
     "1uvPuGRxn8WTkEgkTGetL5H0LcAlVFz-_r60hRwpg8l3Y14sqPGdlOtXPC2ezTd7H03cFNGqId1sa5oWhESWrHUrp179q1_y"
     "CxrENwjnVpAlRt4-rzELHcmF70eGB_HCEBX_o5D-4VvHMmyCoBP8x2LEadnvaAScVL1ONhn9X4mcp4okr6gE6lDdIlhaoD9N"
     "b_AmqUzHhU6nSDyfPmXlYArpxS8EhmCvwLO1Cop2Gq7u72iHBum2JOmzZpDbU79W-H_09AcQ\",\"e\":\"AQAB\",\"d\":\"Ay6Zux"
     "kWZZWR4kUFYXwl-13s0jCON3GE_gXweEoNLAYIhbCdCkay0X6HZfvjHq_7oJaN85d7j4PIpx27agqVcNTLdhtoiC2bTW6wWs"
     "pGVbC8HWpnuxmIfi9cbwQBvFIid5obyKKixe_hlehkPtj4S-bIbyHolAhj42YhDjt5DCq3lURz7O-vdOvw7qmrMhcI82urpN"
     "N45LAPGOIbw0GITrzxhnMItyNIn0cSlug-z0F47Moq48GceOPgPcbwFrkU772VuErPxHYSWF10ZgLzu1T7xOAJH-_PMH9xpG"
     "D2mUxxf0Lr721mSM482iQlhZyVV87ihGYA6ImzLO3C2HBcLQ\",\"p\":\"4sdSfNomzzZTyo1YI_fHoOohFbfB3X1lWCydcKtOm"
     "oOEIoy2cNux2TiDCP4BvO2cH4Uqw0POXTx5rouVoHuYt4k_pdiTfsd4DY4j8zmKgijIE_-XJvHWs__Zu_ywYc-SlLc7lcJ_u"
     "Jk939e9wunVY11PNElNmnxtAyrxGTPVIW0\",\"q\":\"20lxe5yKp-136xTaDUG3nEXGgnkXqMNhD80icP8r1HHvgPzT8npsi74"
     "4HCIaqz4Qn7YPkXNeFgaQ4cR6bDmHRkCTwRvbmQabgxoJyvBeRe06nY98WayRQ8WZFKTmdDzdULHnrGW4AqHP5sOpbxbCD4k"
     "AE2ng7ru4UTyqUB8afJU\",\"dp\":\"PsC3M7NOH_LBlwArzrAm_oErLI5PyBGF9LNL0byloJ4Z91GGvo4claZMpDVdl8EMfbBk"
     "1-mwdh5g8YrQmbr51HfXM_ZNQjzCHMYjbo-So1fTna0RT4aGSgLXZmyTBk3hGuPlShirLRLCi2lwqjn4gWl1nFtYbRJXPBQq"
     "6TVtmbU\",\"dq\":\"2Y28m7FL0pyCu2RdjIdlXRHQhsMSWOk1k5Kll8tgtY0v2x16PPd-Vwmp6ydepAOYRItAWMJHVry-4m2mM"
     "1bDwUvyCsTTkbb_dArSKldcgC2CWKzw5pqRJ9aTL-sFg86alyNZQC1OaLYWZ9A4ebDvaLA3tgr2EIOGsnnoUkL5aR0\",\"qi\""
     ":\"pLfYI8Nq18uZWne-ebnKAEBDRUFWViFCSvITwPJkDKiAkihgCY8RC32CDdim3BB-tjHhHEID8rYKEeiPtFJW8NL2OtibGn"
     "QHhY7uyYxJnZIvUOTL75NRxhAvbxXq3KRredrpjf4UvzH952OSg0603tEDVIZ2ipNZxGmHmnMvGWM\"}"},
};

const struct bench_jwk *bench_jwk(const char *name) {
  for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
    if (strcmp(keys[i].name, name) == 0) {
      return &keys[i];
    }
  }
  return NULL;
}

const struct bench_jwk *bench_jwk_parsed(const struct bench *bench) {
  const char *slash = strrchr(bench->name, '/');
  return slash != NULL ? bench_jwk(slash + 1) : NULL;
}

/* The bits that the name of an AES key wrap or of a content encryption begins with, after its A. */
static size_t bytes_named(const char *name) {
  return strtoul(name + 1, NULL, 10) / 8;
}

/* The length of a symmetric key: of "dir" that of the content encryption key, which CBC-HS has two of. */
static size_t oct_len(const struct bench_jwe_case *jwe) {
  if (strcmp(jwe->alg, "dir") != 0) {
    return bytes_named(jwe->alg);
  }
  return bytes_named(jwe->enc) * (strstr(jwe->enc, "CBC-HS") != NULL ? 2 : 1);
}

bool bench_jwe_case(struct bench_jwe_case *jwe, const struct bench *bench) {
  const char *name = strstr(bench->name, "jwe/");
  memset(jwe, 0, sizeof(*jwe));
  if (name == NULL || sscanf(name, "jwe/%47[^/]/%23[^/]", jwe->alg, jwe->enc) != 2) {
    return false;
  }
  char key[32] = "RSA";
  char *curve = strchr(jwe->alg, ':');
  if (curve != NULL) {
    (void)snprintf(key, sizeof(key), "%s", curve + 1);
    *curve = '\0';
  } else if (strncmp(jwe->alg, "RSA", 3) != 0) {
    (void)snprintf(key, sizeof(key), "oct:%zu", oct_len(jwe));
  }
  jwe->key = bench_jwk(key);
  return jwe->key != NULL;
}

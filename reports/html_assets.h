/* The style sheet and the script of the HTML report, reports/html/, as the build embeds them. */
#ifndef GORDIAN_REPORTS_HTML_ASSETS_H
#define GORDIAN_REPORTS_HTML_ASSETS_H

extern const char html_assets_css[], html_assets_js[];

/* Their hashes as a Content-Security-Policy names them: "sha256-...". */
extern const char html_assets_css_hash[], html_assets_js_hash[];

#endif

/* The floor under any window of this kind: GTK, one WebKit view, one page of rows. No app. */
#include <webkit2/webkit2.h>

int main(int argc, char **argv) {
    GString *page = g_string_new("<!doctype html><body style='margin:0;font:14px sans-serif;background:#e4e8f0'>");
    for (int row = 1; row <= 40; row++)
        g_string_append_printf(page, "<p style='margin:0;padding:6px;border-bottom:1px solid #99a'><b>Row %d</b> of a page without an app</p>", row);
    gtk_init(&argc, &argv);
    GtkWidget *window = gtk_window_new(GTK_WINDOW_TOPLEVEL), *view = webkit_web_view_new();
    gtk_window_set_default_size(GTK_WINDOW(window), 1280, 820);
    gtk_container_add(GTK_CONTAINER(window), view);
    webkit_web_view_load_html(WEBKIT_WEB_VIEW(view), page->str, NULL);
    gtk_widget_show_all(window);
    gtk_main();
}

"""HTML and mails that mean harm, or look as if."""

from letter import html, mail, plain

BEGIN, END = "<p>Before</p>", "<p>After</p>"


def mails():
    def hostile(name, why, markup, *never):
        return html(f"html-{name}", why, BEGIN + markup + END, safe_html_has=["Before", "After"],
                    safe_html_not=list(never), text_has=["Before", "After"])

    yield hostile("script", "a script", "<script>steal()</script><ScRiPt src=//e.example/x.js></sCrIpT>", "script", "steal", "e.example")
    yield hostile("handlers", "handlers", "<p onclick=steal() onMouseOver='steal()'>x</p><svg/onload=steal()>", "steal", "onclick", "<svg")
    yield hostile("urls", "addresses that run", "<a href='javascript:steal()'>a</a><a href=' JaVaScRiPt:steal()'>b</a>"
                  "<a href='data:text/html,steal()'>c</a><a href='vbscript:steal()'>d</a>", "steal")
    yield hostile("frames", "frames and objects", "<iframe src='https://e.example'></iframe><object data=x></object><embed src=x>"
                  "<applet></applet><frameset></frameset>", "iframe", "object", "embed", "applet", "e.example")
    yield hostile("forms", "a form", "<form action='https://e.example'><input name=password><button>ok</button></form>", "<form", "<input", "<button")
    yield hostile("meta", "a page that goes away", "<meta http-equiv=refresh content='0;url=https://e.example'><base href='https://e.example'>"
                  "<link rel=stylesheet href='https://e.example/a.css'>", "<meta", "<base", "<link", "e.example")
    yield hostile("css", "styles that load", "<style>@import 'https://e.example/a.css';</style><p style=\"background:url('https://e.example/b.png')\">x</p>",
                  "e.example", "<style", "@import")
    yield hostile("pictures", "pictures from elsewhere in all ways", "<img src='https://e.example/1.gif'><img srcset='https://e.example/2.gif 2x'>"
                  "<video poster='https://e.example/3.gif'></video><table background='https://e.example/4.gif'></table>"
                  "<picture><source srcset='https://e.example/5.gif'></picture><input type=image src='https://e.example/6.gif'>", "e.example")
    yield hostile("svg-math", "markup of other kinds", "<svg><a xlink:href='javascript:steal()'><text>x</text></a></svg>"
                  "<math><mtext><table><mglyph><style><img src=x onerror=steal()></style></mglyph></table></mtext></math>", "<svg", "<math", "onerror=", "javascript")
    yield hostile("mutation", "markup that changes when it is read twice", "<noscript><p title='</noscript><img src=x onerror=steal()>'></noscript>",
                  "<img src=x", "<noscript")
    yield hostile("comments", "comments of Word", "<!--[if mso]><script>steal()</script><![endif]--><!-- x --><![CDATA[steal()]]>", "<script", "[if mso]")
    yield hostile("template", "what is in a template", "<template><script>steal()</script></template>", "<script", "<template")
    yield html("html-unclosed", "nothing is closed", "<div><p>Before<b>bold<table><tr><td>cell", text_has=["Before", "bold", "cell"],
               safe_html_has=["cell"])
    yield html("html-hidden", "what is not shown is not the text", "<p>Seen</p><div style='display:none'>pre-header</div><p style='font-size:0'>tiny</p>",
               text_has=["Seen"], text_not=["pre-header"])
    yield html("html-entities", "entities", "<p>5 &lt; 6 &amp;&amp; caf&eacute; &#128512; &nbsp;x</p>", text_has=["5 < 6 && café 😀", "x"])
    yield html("html-links", "a link shows where it goes", "<p>Go <a href='https://real.example/x'>https://bank.example</a></p>",
               text="Go https://bank.example <https://real.example/x>", safe_html_has=['href="https://real.example/x"', "noopener"])
    yield html("html-table", "an order as a table", "<table><tr><th>What</th><th>Sum</th></tr><tr><td>Cup</td><td>9 €</td></tr></table>",
               text="What Sum\nCup 9 €", safe_html_has=["<td>Cup</td>"])
    yield html("html-deep", "markup 1,000 deep still gives its words", "<div>" * 1000 + "deep" + "</div>" * 1000, text="deep", safe_html=None,
               problems_has=["too deep"])
    yield plain("plain-markup", "markup in plain text is text", "<script>x</script> & <b>y</b>", text="<script>x</script> & <b>y</b>", safe_html=None)
    yield plain("plain-long-line", "a line of 20 kB", "x" * 20000 + " end", text_has=[" end"])
    yield plain("plain-control", "control characters", "a\x07b\x1b[2Jc\x00d", text="ab[2Jcd")
    yield mail("plain-empty", "nothing at all", b"", {}, text="", fresh_text="", attachments=[])

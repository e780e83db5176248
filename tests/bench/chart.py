"""The bench table as a picture: two bars a line, each pair to its own scale."""

from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 960, 290, 330  # the figures stand right of the longest bar
TOP, LINE, BAR = 64, 46, 14
PEER, OURS = "#9aa4b0", "#1f6feb"
STYLE = ("text{font:13px system-ui,sans-serif;fill:#1f2328}.quiet{fill:#57606a;font-size:12px}"
         ".title{font-size:16px;font-weight:600}")


def text(x, y, words, kind="", anchor="start"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">'
            f'{escape(words)}</text>')


def bar(x, y, width, colour):
    return (f'<rect x="{x}" y="{y}" width="{max(width, 1):.1f}" height="{BAR}" rx="2" '
            f'fill="{colour}"/>')


def svg(lines, about):
    height = TOP + LINE * len(lines) + 30
    room = WIDTH - LEFT - RIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}"><style>{STYLE}</style>',
             f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
             text(16, 26, "switchd beside the real vde_switch", "title"),
             bar(16, 37, 12, PEER), text(34, 49, "real vde_switch", "quiet"),
             bar(146, 37, 12, OURS), text(164, 49, "switchd", "quiet")]
    for number, line in enumerate(lines):
        y = TOP + LINE * number
        largest = max(line["peer"] or 0, line["ours"] or 0) or 1
        better = "" if line["larger_is_better"] else "less is better"
        parts += [text(LEFT - 12, y + 14, line["what"], "", "end"),
                  text(LEFT - 12, y + 31, better, "quiet", "end")]
        for side, colour, below in (("peer", PEER, 0), ("ours", OURS, BAR + 3)):
            width = (line[side] or 0) / largest * room
            words = line[f"{side}_text"]
            if side == "ours" and line["ratio"] is not None and line["larger_is_better"]:
                words += f" ({line['ratio']:.1f}x)"
            parts += [bar(LEFT, y + 3 + below, width, colour),
                      text(LEFT + width + 6, y + 14 + below, words, "quiet")]
    foot = (f"{about['date']}, {about['cpu']}, {about['cores']} cores, Linux {about['kernel']}, "
            f"medians, runs: {about['runs']}")
    parts += [text(16, height - 10, foot, "quiet"), "</svg>\n"]
    return "\n".join(parts)

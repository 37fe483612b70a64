"""The few SVG shapes that figures are made of; colours are left to the style sheet of the page or document."""

from collections.abc import Sequence

from markupsafe import Markup, escape


def text(x: float, y: float, words: object, *, anchor: str = "start", kind: str = "") -> str:
    """A line of text; ``anchor`` is start, middle or end, ``kind`` a style class."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line of the style class ``kind``."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def circle(x: float, y: float, radius: float, kind: str, title: str = "") -> str:
    """A disc; ``title`` is shown when pointed at."""
    shown = f"<title>{escape(title)}</title>" if title else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="{kind}">{shown}</circle>'


def polyline(points: Sequence[tuple[float, float]], kind: str) -> str:
    """A line through points."""
    return f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" class="{kind}"/>'


def figure(width: float, height: float, shapes: Sequence[str], label: str) -> Markup:
    """The whole drawing; ``label`` says what it shows to those who cannot see it."""
    head = f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(label)}">'
    return Markup(head + "".join(shapes) + "</svg>")


def document(width: float, height: float, shapes: Sequence[str], label: str, style: str) -> str:
    """A drawing as a file of its own, with the style sheet that its classes stand in."""
    drawn = str(figure(width, height, [f"<style>{style}</style>", *shapes], label))
    return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"

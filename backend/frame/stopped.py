"""How the pages of a blueprint say that a verb refused, or that there is no such thing."""

from flask import Blueprint, render_template

from backend.identity.refusal import Refused, Unfit


def say_where_it_stopped(pages: Blueprint, way: str, place: str) -> None:
    """Show both as a page with a link back: `way` is its address, `place` what people call where it leads."""

    def stopped(title: str, no: Exception) -> str:
        return render_template("stopped.html", title=title, words=str(no), way=way, place=place)

    @pages.errorhandler(Refused)
    def refused(no: Refused) -> tuple[str, int]:
        """The actor may not; nothing was changed."""
        return stopped("这一步不能由您来做", no), 403

    @pages.errorhandler(Unfit)
    def unknown(no: Unfit) -> tuple[str, int]:
        """There is no such thing, or it is not any more what the page was for."""
        return stopped("没有可以显示的内容", no), 404

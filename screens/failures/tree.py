"""The failure tree: category, subcategory, criterion, and the pairs that a person flagged or excluded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from rich.text import Text
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from engine.export.palette import glyph
from screens.failures.state import Failures, Pick, pick_of
from screens.shell.annotation_text import MARKS
from screens.shell.place import Place
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.annotations.pairs import Kind
    from engine.results.failure_standing import Side, Standing
    from engine.results.failures import Branch

    Leaf = Branch | Kind | None

__all__ = ["FailureTree"]

_CRITERIA_SHOWN: Final = 200
"""Criteria listed under one subcategory; suites may have one for each pair."""
_CHANCE: Final[dict[Side, str]] = {"more": " ", "fewer": " ", "": "≈"}
_OTHERS: Final[dict[Side, str]] = {"more": "▲", "fewer": "▼", "": " "}
"""Marks behind a rate: not told from chance; more, or fewer, than the other candidates fail there."""
_OPEN: Final = 24
"""Rows of the screen from which categories stand open."""


class FailureTree(Tree["Leaf"]):
    """Branches with how many pairs of each were failed; choosing one is posted as a pick."""

    class Picked(Message):
        """A branch was chosen."""

        def __init__(self, pick: Pick) -> None:
            super().__init__()
            self.pick = pick

    def __init__(self, *, id: str) -> None:
        super().__init__(Text("all failures"), id=id)
        self.guide_depth = 2
        self.auto_expand = False
        self._failures: Failures | None = None

    @property
    def _place(self) -> Place:
        return cast(Place, self.screen)

    def show(self, failures: Failures) -> None:
        """Fill it anew; branches that were open stay so."""
        self._failures = failures
        nodes = [node for top in self.root.children for node in (top, *top.children)]
        was = {node.data.name: node.is_expanded for node in nodes if node.data and not isinstance(node.data, str)}
        self.clear()
        self.root.set_label(self._label(None))
        for branch in failures.tree:
            opened = was.get(branch.name, self.screen.size.height >= _OPEN)
            node = self.root.add(self._label(branch), branch, expand=opened)
            for child in branch.children:
                leaf = node.add(self._label(child), child, allow_expand=bool(child.children))
                if was.get(child.name):
                    leaf.expand()
        for kind, number in failures.noted.items():
            if number:
                self.root.add_leaf(self._label(kind), kind)
        self.root.expand()

    def relabel(self, failures: Failures) -> None:
        """Write the labels again: filled again, the tree would lose its cursor."""
        self._failures = failures
        nodes: list[TreeNode[Leaf]] = [self.root]
        for node in nodes:
            if node.is_root or node.data is not None:
                owner = node.parent.data if node.parent is not None else None
                node.set_label(self._label(node.data, owner.name if owner and not isinstance(owner, str) else ""))
            nodes += node.children

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Leaf]) -> None:
        """Criteria are listed only once their subcategory is opened."""
        node = event.node
        if node.data is None or isinstance(node.data, str) or node.data.kind != "subcategory" or node.children:
            return
        for criterion in node.data.children[:_CRITERIA_SHOWN]:
            node.add_leaf(self._label(criterion, node.data.name), criterion)
        if (more := len(node.data.children) - _CRITERIA_SHOWN) > 0:
            node.add_leaf(Text(f"… {more:,} more; find them with /", self._place.colour("chance")))

    def on_tree_node_selected(self, event: Tree.NodeSelected[Leaf]) -> None:
        """Tell which branch was chosen."""
        node: TreeNode[Leaf] | None = event.node
        if event.node.data is None and not event.node.is_root:
            return
        if isinstance(event.node.data, str):
            self.post_message(self.Picked(Pick(noted=event.node.data)))
            return
        path: list[Branch] = []
        while node is not None:
            if node.data is not None and not isinstance(node.data, str):
                path.append(node.data)
            node = node.parent
        self.post_message(self.Picked(pick_of(path)))

    def _label(self, branch: Leaf, owner: str = "") -> Text:
        """A branch with its rate.

        Args:
            owner: the subcategory of a criterion.
        """
        assert self._failures is not None
        place, screen_width = self._place, self.screen.size.width
        width = 46 if place.wide else screen_width - 2 if screen_width < 60 else 32
        if isinstance(branch, str):
            mark, tone = MARKS[branch]
            word = "flagged" if branch == "flag" else "excluded"
            return Text.assemble((mark, place.colour(tone)), f" {word} ", (str(self._failures.noted[branch]), "bold"))
        if branch is None:
            counts, key = (self._failures.failed, self._failures.scored), ("all", "", "")
            return self._rated("all", "", counts, width - 2, "", self._failures.standings.get(key))
        depth = {"category": 4, "subcategory": 6, "criterion": 8}[branch.kind]
        mark, tone = glyph(branch.name) if branch.kind != "criterion" else ("·", "")
        standing = self._failures.standings.get((branch.kind, owner if branch.kind == "criterion" else "", branch.name))
        style = place.colour(tone) if tone else ""
        return self._rated(branch.name, mark, (branch.failed, branch.scored), width - depth, style, standing)

    def _rated(
        self, name: str, mark: str, counts: tuple[int, int], width: int, style: str, standing: Standing | None
    ) -> Text:
        failed, scored = counts
        counted = f" {f'{failed:,}/{scored:,}':>7}" if self._place.wide and scored else ""
        rate = f"{failed / scored:>4.0%}" if scored else ""
        room = max(6, width - len(rate) - len(counted) - (len(mark) + 1 if mark else 0) - 4)
        text = Text(no_wrap=True)
        if mark:
            text.append(mark + " ", style)
        shown = Text(one_line(name, 2 * room))
        shown.truncate(room, overflow="ellipsis")
        shown.truncate(room, pad=True)
        text.append_text(shown).append(" ").append(rate, "bold" if failed else "")
        text.append(counted)
        if standing is not None:
            text.append(f" {_CHANCE[standing.against_chance]}", self._place.colour("chance"))
            tone = {"more": "bad", "fewer": "good", "": "foreground"}[standing.against_others]
            text.append(_OTHERS[standing.against_others], self._place.colour(tone))
        return text

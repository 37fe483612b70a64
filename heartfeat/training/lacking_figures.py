"""Quality figures that a store of an earlier release lacks."""

from heartfeat.signals.quality import QUALITY
from heartfeat.stores.store import Store


def lacking_figures(store: Store) -> list[str]:
    """One line for people where figures are missing that heads look at; none where all are there."""
    lacking = [name for name in QUALITY if name not in store.recordings.columns]
    if not lacking:
        return []
    return [
        f"note: {store.uri} lacks the quality figures {', '.join(lacking)}, so heads count them as not known; "
        "`heartfeat extract` looks at its recordings once more and adds them"
    ]

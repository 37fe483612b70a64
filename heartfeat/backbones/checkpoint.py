"""Local weights of the transformers library: where they are, what they are, whether all were used."""

import hashlib
import json
from pathlib import Path
from typing import Any

from heartfeat.errors import BackboneError
from heartfeat.messages import first_of
from heartfeat.replace import recover

HEADS = (
    "classifier",
    "decoder",
    "final_proj",
    "label_embs_concat",
    "layer_weights",
    "lm_head",
    "proj_out",
    "project_hid",
    "project_q",
    "projector",
    "quantizer",
)
"""First parts of names of weights in pretraining or task heads, which a frozen encoder leaves aside."""

ABSENT = ("masked_spec_embed",)
"""Weights that are used in training alone, and that some published checkpoints lack."""


SHIPPED = Path(__file__).parent / "weights"
"""Checkpoints that come with the package, trained by us; each has a card."""


def shipped_models() -> list[str]:
    """Names of the checkpoints that come with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/config.json"))


def find_checkpoint(model: str) -> Path:
    """The folder with a model's files, of a local path, a name of ours, or a hub name that was downloaded before.

    Raises
    ------
    BackboneError
        Names the command that downloads a missing model, and the one that converts pickled weights.
    """
    folder = Path(model).expanduser()
    recover(folder, BackboneError)
    if not folder.is_dir():
        folder = SHIPPED / model if model in shipped_models() else _cached(model)
    if not (folder / "config.json").is_file():
        raise BackboneError(f"{folder} holds no config.json; give the folder that save_pretrained wrote")
    if not weight_files(folder):
        raise BackboneError(
            f"{folder} holds no safetensors weights; complete a download with `hf download {model}`. Pickled "
            "weights are not read: where you trust them, load and save them again with transformers"
        )
    return folder


def weight_files(folder: Path) -> list[Path]:
    """A checkpoint's safetensors files, by name."""
    return sorted(folder.glob("*.safetensors"))


def weights_digest(folder: Path) -> str:
    """SHA-256 over the weight files' bytes and the model's config, wherever the folder lies."""
    digest = hashlib.sha256()
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for volatile in ("_name_or_path", "transformers_version"):
        config.pop(volatile, None)
    digest.update(json.dumps(config, sort_keys=True).encode())
    for path in weight_files(folder):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def load_checked(model_class: Any, folder: Path) -> Any:  # noqa: ANN401 - transformers' classes are chosen by name
    """A model with every one of its weights from the checkpoint, in float32 and evaluation mode.

    Raises
    ------
    BackboneError
        When weights are missing, left over or of another shape: features would be partly random.
    """
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model, info = model_class.from_pretrained(
            folder,
            dtype="float32",
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            # Reported rather than raised by the library, whose message names no weight; refused below.
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise BackboneError(f"the weights in {folder} cannot be loaded: {error}") from error
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
    refuse(folder, "lacks", [key for key in info["missing_keys"] if key.split(".")[-1] not in ABSENT])
    refuse(folder, "has unknown", [key for key in info["unexpected_keys"] if key.split(".")[0] not in HEADS])
    refuse(folder, "has misshapen", [str(key[0]) for key in info["mismatched_keys"]])
    return model.eval()


def refuse(folder: Path, what: str, keys: list[str]) -> None:
    """Raise BackboneError where a folder or file lacks these weights, has them beyond need, or misshapen."""
    if keys:
        raise BackboneError(
            f"the checkpoint {folder} {what} {len(keys)} weights ({first_of(sorted(keys), 3)}); features would be "
            "partly random. Use a complete checkpoint of this architecture"
        )


def _cached(model: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except HFValidationError:
        if Path(model).is_file():
            raise BackboneError(f"{model} is a file; of files only .pt, .pth and .ckpt are read") from None
        raise BackboneError(f"there is no folder {model}, and it is no name of a model on the hub") from None
    except LocalEntryNotFoundError:
        raise BackboneError(
            f"the model {model!r} is not on this machine; download it with `hf download {model}` "
            "(set HF_HOME first where the cache lies elsewhere), or give a folder"
        ) from None

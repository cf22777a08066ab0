"""The steps of onboarding."""

from collections.abc import Collection
from typing import Final

PROFILE_COMPLETION: Final = "profile_completion"
DOCUMENT_VERIFICATION: Final = "document_verification"
BACKGROUND_CHECK: Final = "background_check"
TRAINING_MODULES: Final = "training_modules"
SUBSCRIPTION_SETUP: Final = "subscription_setup"
SERVICE_CONFIGURATION: Final = "service_configuration"

STEPS: Final = (
    PROFILE_COMPLETION,
    DOCUMENT_VERIFICATION,
    BACKGROUND_CHECK,
    TRAINING_MODULES,
    SUBSCRIPTION_SETUP,
    SERVICE_CONFIGURATION,
)
REQUIRED: Final = (PROFILE_COMPLETION, DOCUMENT_VERIFICATION)

TITLES: Final = {
    PROFILE_COMPLETION: "Complete your profile",
    DOCUMENT_VERIFICATION: "Verify your identity",
    BACKGROUND_CHECK: "Background check",
    TRAINING_MODULES: "Training modules",
    SUBSCRIPTION_SETUP: "Choose a plan",
    SERVICE_CONFIGURATION: "Set your hours and services",
}
DESCRIPTIONS: Final = {
    PROFILE_COMPLETION: "Tell people who you are: name, title, a few sentences, experience, a picture and a skill.",
    DOCUMENT_VERIFICATION: "Upload a proof of identity.",
    BACKGROUND_CHECK: "Confirm that your background may be checked.",
    TRAINING_MODULES: "Go through the introduction for practitioners.",
    SUBSCRIPTION_SETUP: "Choose the plan that fits you; the basic one is free.",
    SERVICE_CONFIGURATION: "Set weekly hours and create your first service.",
}


def current_step(done: Collection[str], skipped: Collection[str]) -> str:
    """Return the first step that is neither done nor skipped; the last one when all are."""
    return next((step for step in STEPS if step not in done and step not in skipped), STEPS[-1])


def percentage(done: Collection[str], skipped: Collection[str]) -> int:
    """Return how much is settled, rounded down."""
    return 100 * (len(done) + len(skipped)) // len(STEPS)

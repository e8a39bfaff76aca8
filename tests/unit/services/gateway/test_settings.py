"""What the gateway can be told."""

import pytest

from seawall.settings import SettingsError, read
from services.gateway.settings import GatewaySettings


def test_it_runs_in_one_process(tmp_path):
    """It has one Envoy, which has workers of its own."""
    with pytest.raises(SettingsError) as caught:
        read(GatewaySettings, {"SEAWALL_XDS_DIR": str(tmp_path), "SEAWALL_WORKERS": "2"})
    assert caught.value.lines == ["SEAWALL_WORKERS: Input should be less than or equal to 1"]

"""A Windows machine with WinRM: WS-Management and PowerShell remoting over real HTTP, scripts recognised, not run."""

from wizard.lab.windows_host.scenarios import SCENARIOS as SCENARIOS
from wizard.lab.windows_host.server import WindowsHost as WindowsHost

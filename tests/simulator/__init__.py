# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated Hyper-V failover cluster that speaks WS-Management: the other side of the wire for tests and the demo."""

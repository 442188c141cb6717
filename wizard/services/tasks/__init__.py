"""Work in the background: started here, carried out by a worker, followed by everybody."""

from wizard.services.tasks.launch import cancel, events_after, launch, retry, visible_tasks
from wizard.services.tasks.reconcile import reconcile
from wizard.services.tasks.runner import execute

__all__ = ["cancel", "events_after", "execute", "launch", "reconcile", "retry", "visible_tasks"]

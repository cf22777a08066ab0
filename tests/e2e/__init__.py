"""The marketplace's main job, through the gateway, on the processes that `make up` starts."""

class MergedDocumentation:
    def __init__(self, *a):
        pass

    async def run(self):
        pass

    def serve(self, exchange, target):
        from gateway.errors import Refusal

        raise Refusal("not_found")

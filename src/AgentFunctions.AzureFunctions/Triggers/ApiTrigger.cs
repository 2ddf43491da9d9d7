using AgentFunctions.AzureFunctions.Durability;
using AgentFunctions.AzureFunctions.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace AgentFunctions.AzureFunctions.Triggers;

/// <summary>The whole HTTP API behind one trigger.</summary>
public sealed class ApiTrigger
{
    private readonly ApiRouter _router;
    private readonly DurableClientAccessor _clients;

    internal ApiTrigger(ApiRouter router, DurableClientAccessor clients) => (_router, _clients) = (router, clients);

    /// <summary>Serves a request; who may call is the API's own guard.</summary>
    /// <param name="request">The request.</param>
    /// <param name="client">The Durable Task client.</param>
    [Function("Api")]
    public Task ServeAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "put", "delete", Route = "{*path}")] HttpRequest request,
        [DurableClient] DurableTaskClient client)
    {
        ArgumentNullException.ThrowIfNull(request);
        _clients.Client = client;
        return _router.InvokeAsync(request.HttpContext);
    }
}

using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.DurableTask;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Triggers;

/// <summary>Serves the whole HTTP API behind one trigger.</summary>
/// <remarks>
/// The Functions host matches routes in the order of the functions' names. This one takes every path, so its name comes last:
/// an app's own HTTP triggers are asked first.
/// </remarks>
/// <param name="services">The app's services.</param>
public sealed class ApiTrigger(IServiceProvider services)
{
    internal const string Name = "ZzApi";

    private readonly ApiRouter _router = services.GetRequiredService<ApiRouter>();
    private readonly StartedServices _started = services.GetRequiredService<StartedServices>();

    /// <summary>Serves a request; who may call is the API's own guard.</summary>
    /// <param name="request">The request.</param>
    /// <param name="client">The Durable Task client.</param>
    [Function(Name)]
    public Task ServeAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", "put", "patch", "delete", "options",
            Route = "{*path}")] HttpRequest request,
        [DurableClient] DurableTaskClient client)
    {
        ArgumentNullException.ThrowIfNull(request);
        _started.Begin(client);
        return _router.InvokeAsync(request.HttpContext);
    }
}

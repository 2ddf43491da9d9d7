using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>
/// The endpoints of the API behind one HTTP trigger: a pipeline of its own, with the same guard and the same routes as the
/// local server. It begins inside the invocation, where the host's own pipeline has matched the trigger's route.
/// </summary>
internal sealed class ApiRouter
{
    private readonly RequestDelegate _pipeline;

    public ApiRouter(IServiceProvider services, IOptions<ApiOptions> options)
    {
        // The worker listens on this machine alone whoever calls: what the host is known as decides.
        if (Environment.GetEnvironmentVariable("WEBSITE_HOSTNAME") is { Length: > 0 } host)
        {
            ListenCheck.Demand([$"https://{host}"], options.Value);
        }

        var app = new ApplicationBuilder(services);
        ApiPipeline.Guard(app);
        app.UseRouting();
        app.UseEndpoints(endpoints => endpoints.MapAgentFunctions());
        _pipeline = app.Build();
    }

    public Task InvokeAsync(HttpContext context)
    {
        context.SetEndpoint(null);
        context.Request.RouteValues.Clear();
        return _pipeline(context);
    }
}

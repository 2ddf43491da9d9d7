using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Conformance.ToolServers;

/// <summary>
/// The conformance suite starts a program as the client. This one only hands on what it was told, and the client of the scenario
/// is a host in this process: a process of its own for each would take longer to start than the scenario.
/// </summary>
internal sealed class ClientRelay : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ClientRelay(WebApplication app) => _app = app;

    public static async Task<ClientRelay> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.MapPost("/", RunAsync);
        await app.StartAsync();
        return new ClientRelay(app);
    }

    /// <summary>The command line of the client; the suite adds the address of the scenario's server.</summary>
    /// <param name="node">The Node.js to start.</param>
    public string Command(string node) =>
        $"{node} {Path.Combine(AppContext.BaseDirectory, "node", "client-relay.mjs")} {_app.Urls.First()}";

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<IResult> RunAsync(string scenario, string url, HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        var said = new StringWriter();
        bool isDone = await ConformanceClient.RunAsync(scenario, url, await reader.ReadToEndAsync(), said);
        return Results.Text(said.ToString(), statusCode: isDone ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
    }
}

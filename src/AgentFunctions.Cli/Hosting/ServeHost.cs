using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Doors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Cli.Hosting;

/// <summary>What a host that serves is made of.</summary>
/// <param name="Host">The runtime.</param>
/// <param name="Urls">Where it listens.</param>
/// <param name="Key">Its own key; <see langword="null"/> for that of its settings, if there is one.</param>
/// <param name="Doors">The protocols beside the HTTP API; <see langword="null"/> for those of its settings.</param>
internal sealed record ServeSettings(AgentHostSettings Host, IReadOnlyList<string> Urls, string? Key, string? Doors);

/// <summary>The HTTP API on the embedded engine, as <c>serve</c> starts it and <c>doctor</c> looks at it.</summary>
internal static class ServeHost
{
    /// <summary>Builds the host. It opens no data file and starts nothing.</summary>
    public static WebApplication Build(ServeSettings settings, LogLevel leastLogged)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = settings.Host.ContentRoot });
        builder.WebHost.UseUrls([.. settings.Urls]);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.AddServerHeader = false);
        builder.AddAgents(settings.Host);
        builder.AddLogs(leastLogged);
        builder.Services.AddAgentFunctionsApi(options => options.Key = settings.Key ?? options.Key)
            .AddAgentFunctionsDoors(options => options.Open = settings.Doors ?? options.Open);
        return builder.Build();
    }

    /// <summary>Reads the options of a host's API; the API reads them again when it starts.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: a setting is no good.</exception>
    public static ApiOptions ApiOptions(this WebApplication app)
    {
        try
        {
            _ = app.Services.GetRequiredService<IOptions<DoorOptions>>().Value;
            return app.Services.GetRequiredService<IOptions<ApiOptions>>().Value;
        }
        catch (OptionsValidationException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, string.Join(" ", e.Failures));
        }
    }
}

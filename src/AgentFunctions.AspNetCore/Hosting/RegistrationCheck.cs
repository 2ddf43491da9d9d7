using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Hosting;

/// <summary>Says which line of the app's start is missing, before the first request would find out.</summary>
internal static class RegistrationCheck
{
    private const string Engine =
        "an engine, such as builder.Services.AddSqliteEngine(options => options.DataFile = \"agents.db\") of AgentFunctions.Sqlite";

    private static readonly (Type Service, string Line)[] Needed =
    [
        (typeof(AgentGateway), "builder.Services.AddAgentFunctions(builder.Configuration)"),
        (typeof(CallerAuthentication), "builder.Services.AddAgentFunctionsApi()"),
    ];

    /// <summary>Ensures what the endpoints need.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: something is missing.</exception>
    public static void Ensure(IServiceProvider services)
    {
        if (services.GetService<IServiceProviderIsService>() is not { } known)
        {
            return;
        }

        IReadOnlyList<string> ports = known.IsService(typeof(MissingPorts)) ? services.GetRequiredService<MissingPorts>().Lines
            : known.IsService(typeof(IOrchestrationClient)) ? [] : [Engine];
        string[] missing = [.. Needed.Where(needed => !known.IsService(needed.Service)).Select(static needed => needed.Line),
            .. ports];
        if (missing.Length > 0)
        {
            throw new AgentException(
                ErrorCode.InvalidInput, $"MapAgentFunctions: add {string.Join("; and ", missing)}, before builder.Build().");
        }
    }
}

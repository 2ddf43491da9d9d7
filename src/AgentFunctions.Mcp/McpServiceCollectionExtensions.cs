using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Diagnostics;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Hosting;
using AgentFunctions.Mcp;
using AgentFunctions.Mcp.SignIn;
using AgentFunctions.Mcp.Tasks;
using AgentFunctions.Network;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds tool servers of the Model Context Protocol to a host.</summary>
public static class McpServiceCollectionExtensions
{
    /// <summary>
    /// Adds the tool servers of a file in the <c>.mcp.json</c> form. Agents get their tools as <c>mcp__server__tool</c>; a server
    /// is started when it is first needed and stopped with the host.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="path">The file. It is read now; later changes are not seen.</param>
    /// <exception cref="AgentFunctions.AgentException">
    /// <see cref="AgentFunctions.ErrorCode.InvalidInput"/>: the file cannot be read or is no JSON of this form. A server whose
    /// entry is wrong is left out and logged at the start.
    /// </exception>
    public static IServiceCollection AddMcpServersFrom(this IServiceCollection services, string path)
    {
        ArgumentNullException.ThrowIfNull(services);
        McpConfiguration loaded = McpConfiguration.LoadTolerantly(path);
        services.AddSingleton(loaded);
        services.AddGoverningPath(path, "the tool servers");
        foreach (McpServerDefinition server in loaded.Servers)
        {
            services.AddProgramOf(server);
        }

        return services.AddMcpServers();
    }

    /// <summary>Adds a tool server.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="server">How to reach it.</param>
    public static IServiceCollection AddMcpServer(this IServiceCollection services, McpServerDefinition server)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(server);
        services.AddSingleton(new McpConfiguration([server], []));
        return services.AddProgramOf(server).AddMcpServers();
    }

    private static IServiceCollection AddProgramOf(this IServiceCollection services, McpServerDefinition server) =>
        server.Command is null
        ? services
        : services.AddGoverningPrograms($"the program of the tool server '{server.Name}'", server.Args.Prepend(server.Command),
            server.Cwd);

    /// <summary>
    /// Adds what agents with tool servers of their own need, if the host configures none. It comes beside
    /// <c>AddAgentFunctions</c>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    public static IServiceCollection AddMcpServers(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddGuardedHttpClient(McpTransport.HttpClientName, followsRedirects: false)
            .AddHttpMessageHandler(static () => new BoundedResponseHandler(McpTransport.AnswerLimit))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan);
        services.TryAddSingleton(static provider => new VariableText(provider.GetService<IConfiguration>(),
            provider.GetService<SecretResolver>()));
        services.AddGuardedHttpClient(ServerAuthorizations.HttpClientName, followsRedirects: false)
            .AddHttpMessageHandler(static () => new BoundedResponseHandler(ServerAuthorizations.AnswerLimit))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan);
        services.TryAddSingleton<ServerAuthorizations>();
        services.TryAddSingleton<ISignInBacking>(static provider =>
            provider.GetRequiredService<IOptions<AgentFunctions.Governance.Options.GovernanceOptions>>().Value.KeyFolder is { } folder
                ? new FolderSignIns(folder)
                : new RecordSignIns(provider.GetRequiredService<AgentFunctions.Storage.IRecordStore>()));
        services.TryAddSingleton<SignInStore>();
        services.TryAddSingleton(static provider => new McpSignIn(
            provider.GetRequiredService<McpServers>(), provider.GetRequiredService<McpHttp>(),
            provider.GetRequiredService<VariableText>(),
            provider.GetRequiredService<SignInStore>(),
            provider.GetRequiredService<Microsoft.Extensions.Logging.ILogger<McpServers>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<AgentFunctions.Mcp.Input.ToolInputs>();
        services.TryAddSingleton<McpTasks>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRunEndObserver, TaskEnds>());
        services.TryAddSingleton<McpHttp>();
        services.TryAddSingleton<McpServers>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IToolServers, McpServersMark>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LeftOutServersLog>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IToolSource, McpToolSource>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IReadinessCheck, McpReadiness>());
        return services;
    }
}

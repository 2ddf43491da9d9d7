using AgentFunctions.AspNetCore.Doors;
using AgentFunctions.AspNetCore.Doors.A2A;
using AgentFunctions.AspNetCore.Doors.A2A.Push;
using AgentFunctions.AspNetCore.Doors.AgUi;
using AgentFunctions.AspNetCore.Doors.Mcp;
using AgentFunctions.AspNetCore.Doors.OpenAI;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Runs;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Server;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the doors, the protocols beside the HTTP API by which runs can be reached.</summary>
public static class AgentFunctionsDoorsServiceCollectionExtensions
{
    /// <summary>
    /// Adds the services that <c>MapDoors</c> and the methods for single doors need, after <c>AddAgentFunctionsApi</c> or
    /// <c>AddAgentFunctionsApiHandler</c>.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Changes options after the configuration section <c>Doors</c> was read.</param>
    public static IServiceCollection AddAgentFunctionsDoors(this IServiceCollection services,
        Action<DoorOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<DoorOptions>()
            .BindConfiguration(DoorOptions.Section)
            .Configure(options => configure?.Invoke(options))
            .ValidateAnnotations()
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddMade<Answerable>();
        services.TryAddMade<RunStands>();
        services.TryAddMade<Deliveries>();
        services.TryAddMade<PendingRequests>();
        services.TryAddMade<ExchangeStore>();
        services.TryAddMade<RunProjection>();
        services.AddMcpDoor();
        services.AddOpenAIDoor();
        services.AddA2ADoor();
        services.TryAddMade<AgUiThreads>();
        services.TryAddMade<AgUiSubAgentTexts>();
        services.TryAddMade<AgUiVoices>();
        return services;
    }

    private static void AddA2ADoor(this IServiceCollection services)
    {
        services.TryAddMade<TaskFiles>();
        services.TryAddMade<TaskView>();
        services.TryAddMade<A2AAnswers>();
        services.TryAddMade<A2ATasks>();
        services.TryAddMade<PushConfigs>();
        services.TryAddMade<A2AExtras>();
        services.TryAddMade<MeshBounds>();
        services.TryAddMade<A2AIntake>();
        services.TryAddMade<A2AService>();
        services.TryAddMade<PushMessages>();
        services.AddSingleton<IReceiverForm>(static provider => provider.GetRequiredService<PushMessages>());
        services.TryAddMade<TaskStream>();
    }

    private static void AddOpenAIDoor(this IServiceCollection services)
    {
        services.TryAddMade<Responses>();
        services.TryAddMade<Conversations>();
        services.TryAddMade<NewResponses>();
        services.TryAddMade<ChatCompletions>();
    }

    private static void AddMcpDoor(this IServiceCollection services)
    {
        services.AddMcpServer()
            .WithHttpTransport(static options => options.SessionMode = HttpServerSessionMode.StatefulForInitializeClients);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<McpServerOptions>, McpDoorOptionsSetup>());
        services.TryAddMade<McpAgentTools>();
        services.TryAddMade<McpRunTools>();
        services.TryAddMade<Elicitation>();
        services.TryAddMade<McpCalls>();
        services.TryAddMade<McpTasks>();
    }
}

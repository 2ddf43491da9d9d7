using AgentFunctions.Gateway;
using AgentFunctions.Swarm;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what sub-agents need to a host.</summary>
public static class SwarmServiceCollectionExtensions
{
    /// <summary>Sets the limits of trees of sub-agents. <see cref="SwarmOptions"/> has the defaults.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets the bounds.</param>
    public static IServiceCollection ConfigureSwarm(this IServiceCollection services, Action<SwarmOptions> configure) =>
        services.Configure(configure);

    internal static IServiceCollection AddSwarm(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SwarmOptions>().Bind(configuration.GetSection("Swarm")).ValidateAnnotations()
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IToolSource, SwarmTools>());
        foreach (AgentTool tool in SharedTools.Create())
        {
            services.AddTool(tool);
        }

        services.TryAddSingleton<Blackboard>();
        services.TryAddSingleton<IFileLeases, PathLeases>();
        services.TryAddSingleton<SubAgentStore>();
        services.TryAddSingleton<SubAgents>();
        services.TryAddSingleton<ChildAdmission>();
        services.TryAddSingleton<ChildKinds>();
        services.TryAddSingleton<ChildResults>();
        services.TryAddSingleton<LeadAnswers>();
        services.TryAddSingleton<ReportToLeadActivity>();
        services.TryAddSingleton<EndChildrenActivity>();
        return services;
    }
}

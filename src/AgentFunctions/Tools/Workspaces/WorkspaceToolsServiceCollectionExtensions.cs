using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the workspace tools to a host.</summary>
public static class WorkspaceToolsServiceCollectionExtensions
{
    /// <summary>Adds the tools that work on the files of a run's workspace; see <see cref="WorkspaceTools"/>.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Says what the host allows; the defaults when left out.</param>
    /// <exception cref="AgentFunctions.AgentException">
    /// <see cref="AgentFunctions.ErrorCode.InvalidInput"/>: an option is wrong; the message names it.
    /// </exception>
    public static IServiceCollection AddWorkspaceTools(this IServiceCollection services, Action<WorkspaceToolOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new WorkspaceToolOptions();
        configure?.Invoke(options);
        foreach (AgentTool tool in WorkspaceTools.Create(options))
        {
            services.AddSingleton(tool);
        }

        return services;
    }
}

using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;
using AgentFunctions.Tools.Workspaces.Commands;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds tools to a host.</summary>
public static class ToolServiceCollectionExtensions
{
    /// <summary>Adds a tool to the host's <see cref="ToolCatalog"/>.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="tool">The tool.</param>
    public static IServiceCollection AddTool(this IServiceCollection services, AgentTool tool)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(tool);
        services.AddSingleton(tool);
        return services.AddToolCatalog();
    }

    /// <summary>Adds the tools that work on the files of a run's workspace; see <see cref="WorkspaceTools"/>.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Says what the host allows; the defaults when left out.</param>
    /// <exception cref="AgentFunctions.AgentException">
    /// <see cref="AgentFunctions.ErrorCode.InvalidInput"/>: an option is wrong; the message names it.
    /// </exception>
    public static IServiceCollection AddWorkspaceTools(this IServiceCollection services,
        Action<WorkspaceToolOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new WorkspaceToolOptions();
        configure?.Invoke(options);
        options.Validate();
        var commands = new WorkspaceCommands(options);
        services.AddSingleton(commands);
        services.AddHostedService(static provider => ActivatorUtilities.CreateInstance<CommandStart>(provider));
        foreach (AgentTool tool in WorkspaceTools.Create(options, commands))
        {
            services.AddSingleton(tool);
        }

        return services.AddToolCatalog();
    }

    /// <summary>Adds the <see cref="ToolCatalog"/>, which may be empty, and the <see cref="ToolInvoker"/> alone.</summary>
    /// <param name="services">The host's services.</param>
    public static IServiceCollection AddToolCatalog(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static provider => new ToolCatalog(provider.GetServices<AgentTool>(),
            provider.GetServices<IToolSource>()));
        services.TryAddSingleton<ToolInvoker>();
        return services;
    }
}

using System.Text.Json;
using AgentFunctions.Agents;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds agents to a host.</summary>
public static class AgentServiceCollectionExtensions
{
    /// <summary>Adds an agent to the host's <see cref="AgentCatalog"/>.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="agent">The agent.</param>
    /// <exception cref="AgentFunctions.AgentException">
    /// <see cref="AgentFunctions.ErrorCode.InvalidInput"/>: the definition is wrong.
    /// </exception>
    public static IServiceCollection AddAgent(this IServiceCollection services, AgentDefinition agent)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(agent);
        agent.Validate();
        services.AddSingleton(agent);
        return services.AddProgramsOf(agent).AddAgentCatalog();
    }

    /// <summary>
    /// Adds the agents of a folder's Markdown files, its subfolders' included, to the host's <see cref="AgentCatalog"/>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="folder">The folder. It is read now; later changes are not seen.</param>
    /// <exception cref="AgentFunctions.AgentException">
    /// <see cref="AgentFunctions.ErrorCode.InvalidInput"/>: there is no such folder. A file that is broken is left out and logged
    /// at the start.
    /// </exception>
    public static IServiceCollection AddAgentsFrom(this IServiceCollection services, string folder)
    {
        ArgumentNullException.ThrowIfNull(services);
        AgentFolder loaded = AgentFolder.Load(folder);
        services.AddGoverningPath(folder, "the agents");
        foreach (AgentFile file in loaded.Files)
        {
            services.AddSingleton(file);
            services.AddProgramsOf(file.Definition);
        }

        foreach (AgentFileNote note in loaded.Notes)
        {
            services.AddSingleton(note);
        }

        foreach (LeftOutAgent leftOut in loaded.LeftOut)
        {
            services.AddSingleton(leftOut);
        }

        services.AddLogging();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LeftOutLog>());
        return services.AddAgentCatalog();
    }

    /// <summary>Adds the <see cref="AgentCatalog"/> alone, which may be empty.</summary>
    /// <param name="services">The host's services.</param>
    public static IServiceCollection AddAgentCatalog(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(static provider => AgentCatalog.Of(
            [.. provider.GetServices<AgentDefinition>()], [.. provider.GetServices<AgentFile>()],
            provider.GetServices<AgentFileNote>(),
            [.. provider.GetServices<LeftOutAgent>()]));
        return services;
    }

    /// <summary>
    /// The programs of tool servers that an agent brings along; a definition that is wrong is reported where it is used.
    /// </summary>
    private static IServiceCollection AddProgramsOf(this IServiceCollection services, AgentDefinition agent)
    {
        foreach (AgentMcpServer server in agent.McpServers ?? [])
        {
            if (server.Definition is not { ValueKind: JsonValueKind.Object } definition)
            {
                continue;
            }

            string? Text(string name) =>
                definition.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
                    ? value.GetString()
                    : null;
            IEnumerable<string> arguments = definition.TryGetProperty("args", out JsonElement list)
                && list.ValueKind == JsonValueKind.Array
                ? list.EnumerateArray().Where(static item => item.ValueKind == JsonValueKind.String)
                    .Select(static item => item.GetString()!) : [];
            if (Text("command") is { } command)
            {
                services.AddGoverningPrograms($"the program of the tool server '{server.Name}'", arguments.Prepend(command),
                    Text("cwd"));
            }
        }

        return services;
    }
}

using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Runs;

namespace AgentFunctions.Tools;

/// <summary>Gets the schemas of the tools of runs, for the people who decide about their calls.</summary>
public sealed class ToolSchemas
{
    private readonly RunStore _runs;
    private readonly RunTools _tools;

    internal ToolSchemas(RunStore runs, RunTools tools) => (_runs, _tools) = (runs, tools);

    /// <summary>Gets the JSON schema of a tool's arguments, as the model of a run is shown it.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="tool">The tool.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The schema; <see langword="null"/> if the run, its tools or the tool are gone.</returns>
    public async Task<JsonElement?> FindAsync(string runId, string tool, CancellationToken cancellationToken = default)
    {
        try
        {
            if (await _runs.FindAsync(runId, cancellationToken).ConfigureAwait(false) is not { } run)
            {
                return null;
            }

            AgentDefinition agent = await _runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<ToolDeclaration> granted = await _tools.GrantedAsync(run, agent, cancellationToken)
                .ConfigureAwait(false);
            return granted.FirstOrDefault(one => one.Name == tool)?.Schema;
        }
        catch (AgentException e) when (e.Code is ErrorCode.DataFileUnusable or ErrorCode.RunNotFound or ErrorCode.RunErased)
        {
            return null;
        }
    }
}

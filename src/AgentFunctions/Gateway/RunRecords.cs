using AgentFunctions.Agents;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Gateway.Retention;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Prompts;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Search;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway;

/// <summary>Pins drafts to their definition and tools by content, and gives them their folder and their time.</summary>
internal sealed class RunRecords(
    RunStore runs, RunTools tools, IModelCatalog models, RetentionRules retention, IOptions<RunOptions> options,
    TimeProvider time)
{
    /// <summary>Completes a draft.</summary>
    /// <param name="run">The run; hashes, folder and time are filled in.</param>
    /// <param name="agent">Its agent.</param>
    /// <param name="granted">Its tools.</param>
    /// <param name="limits">What it is held to.</param>
    /// <param name="rule">What found the agent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RunDraft> DraftAsync(
        RunRecord run, AgentDefinition agent, IReadOnlyList<ToolDeclaration> granted, LoopLimits limits, string? rule,
        CancellationToken cancellationToken)
    {
        PinnedTools pinned = await tools.PinAsync(agent, granted, models.Resolve(run.Model).Profile.Tools, cancellationToken)
            .ConfigureAwait(false);
        run = run with
        {
            DefinitionHash = await runs.PutDefinitionAsync(agent, cancellationToken).ConfigureAwait(false),
            ToolsHash = pinned.Hash,
            ToolSearch = pinned.Search,
            Notes = pinned.Note is { } note ? [.. run.Notes ?? [], note] : run.Notes,
            Workspace = run.Workspace ?? WorkspaceFor(run.Id),
            Retention = run.Parent is null ? retention.Pin(run) : null,
            CreatedAt = time.GetUtcNow(),
        };
        return Draft(run, agent, pinned.Declared, limits, rule);
    }

    /// <summary>Determines whether a fork gets a folder of its own.</summary>
    public bool HasOwnFolder(RunRecord source, ForkRequest request) => ForkFolders.IsOwn(options.Value, source, request);

    /// <summary>Gets what a run is pinned to, and the tools that its requests declare.</summary>
    public async Task<(AgentDefinition Agent, IReadOnlyList<ToolDeclaration> Declared)> PinnedAsync(RunRecord run,
        CancellationToken cancellationToken)
    {
        AgentDefinition agent = await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
        return (agent, await tools.DeclaredAsync(run, agent, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Drafts a run whose record is whole.</summary>
    public static RunDraft Draft(RunRecord run, AgentDefinition agent, IReadOnlyList<ToolDeclaration> declared, LoopLimits limits,
        string? rule)
    {
        long bytes = Prompt.FirstRequestBytes(agent, run, declared);
        return new RunDraft(run, new RunState { Limits = limits, BaseBytes = bytes, PendingBytes = bytes }, rule);
    }

    private string? WorkspaceFor(string runId)
    {
        if (options.Value.Workspace is { } shared)
        {
            return new Workspace(shared).Root;
        }

        return options.Value.WorkspaceRoot is { } root ? Directory.CreateDirectory(Path.Combine(root, runId)).FullName : null;
    }
}

using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.ToolCalls;

/// <summary>Makes what a tool is told about the call that it serves.</summary>
internal sealed class CallContexts(ArtifactStore artifacts, IServiceProvider services)
{
    /// <summary>Makes the context of a call on behalf of no run.</summary>
    /// <param name="looker">What stands in for the run.</param>
    public ToolContext OfNoTurn(RunRecord looker) => Of(looker, new CallToolInput(looker.Id, 0, 0, new ContextRef()));

    /// <summary>Makes the context of a call.</summary>
    /// <param name="run">The run.</param>
    /// <param name="call">Which call of the run it is.</param>
    /// <param name="alike">How many calls of its turn are of the same tool, itself included.</param>
    public ToolContext Of(RunRecord run, CallToolInput call, int alike = 1)
    {
        ToolContext context = NewContext(run, call);
        if (call.Swarm is not null)
        {
            context.Features.Set(new SwarmCall(call.Swarm));
        }

        if (call.BudgetLeft is not null)
        {
            context.Features.Set(new BudgetOfCalls(call.BudgetLeft, alike));
        }

        return context;
    }

    private ToolContext NewContext(RunRecord run, CallToolInput call) => new()
    {
        RunId = run.Id,
        Agent = run.Agent,
        Turn = call.Turn,
        Call = call.Call,
        Workspace = run.Workspace is null ? null : new Workspace(run.Workspace),
        Artifacts = artifacts,
        Services = services,
    };
}

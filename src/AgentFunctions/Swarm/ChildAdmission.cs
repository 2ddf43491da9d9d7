using System.Diagnostics;
using System.Text;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Diagnostics;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.Swarm;

/// <summary>
/// Admits sub-agents as the gateway admits goals: checks them against what their lead has and may, and puts them on record.
/// They are started by the loop. A sub-agent never has what its lead lacks.
/// </summary>
internal sealed class ChildAdmission(RunStore runs, ChildKinds kinds, Journal journal, Admission admission, TimeProvider time)
{
    /// <summary>The longest task of a sub-agent, in bytes (UTF-8).</summary>
    public const int MaxGoalBytes = 32 * 1024;

    /// <summary>
    /// First requests are accounted for in steps of this size, so that sub-agents of one kind are alike for the loop.
    /// </summary>
    private const int BytesStep = 1_024;

    /// <summary>Puts the sub-agents of a call on record and asks the loop to start them.</summary>
    /// <param name="context">The call.</param>
    /// <param name="order">What is asked for, given what the lead is.</param>
    /// <param name="cancellationToken">The token to cancel the wait; what was recorded is found again by the same call.</param>
    /// <exception cref="AgentException">What forbids it, for the lead to read; nothing will be started.</exception>
    public async Task<ChildStart> AdmitAsync(ToolContext context, Func<AgentDefinition, ChildOrder> order,
        CancellationToken cancellationToken)
    {
        SwarmCall call = SwarmArguments.Require(context);
        RunRecord lead = await runs.GetAsync(context.RunId, cancellationToken).ConfigureAwait(false);
        AgentDefinition leadAgent = await runs.GetDefinitionAsync(lead, cancellationToken).ConfigureAwait(false);
        ChildOrder asked = order(leadAgent);
        CheckBounds(asked, call.Allowance);
        string[] goals = [.. Enumerable.Range(0, asked.Count).Select(asked.GoalOf)];
        CheckGoals(goals);
        AccessRuling access = await admission.EnsureNotDeniedAsync(lead, asked.Agent.Name, goals, cancellationToken)
            .ConfigureAwait(false);
        ChildKind kind = await kinds.FindAsync(lead, leadAgent, asked, call.Allowance.Limits, access).ConfigureAwait(false);
        if (call.Allowance.Left.Usd is not null && kind.Unpriced is { } unpriced)
        {
            throw new AgentException(
                ErrorCode.SwarmBoundReached,
                $"Agent '{asked.Agent.Name}' uses model '{unpriced}', whose price is not known, and this run's budget limits money. "
                + "Choose another agent, or do the work yourself.");
        }


        DateTimeOffset now = time.GetUtcNow();
        RunRecord[] children =
            [.. goals.Select((goal, index) => ChildOf(lead, kind, asked, goal, context, asked.IsAnswer
                ? null
                : asked.FirstItem + index, now))];
        await Task.WhenAll(children.Select(child => RecordAsync(child, cancellationToken))).ConfigureAwait(false);

        long bytes = goals.Max(static goal => (long)Encoding.UTF8.GetByteCount(goal)) + kind.BaseBytes;
        bytes = (bytes + BytesStep - 1) / BytesStep * BytesStep;
        var start = new ChildStart(children.Length,
            new RunState { Limits = kind.Limits, BaseBytes = bytes, PendingBytes = bytes })
        {
            FirstItem = asked.IsAnswer ? null : asked.FirstItem,
            Awaited = asked.IsAnswer,
            Ask = asked.Ask,
            Weight = asked.Weight,
            Priority = children[0].Priority,
        };
        call.Request = new SwarmRequest { Start = start };
        return start;
    }

    private static void CheckGoals(string[] goals)
    {
        if (goals.Any(static goal => string.IsNullOrWhiteSpace(goal) || Encoding.UTF8.GetByteCount(goal) > MaxGoalBytes))
        {
            throw new AgentException(
                ErrorCode.ToolArgumentsInvalid,
                $"Every sub-agent needs a task of 1 to {MaxGoalBytes} bytes; say it shorter, or put the details in a file.");
        }
    }

    private static void CheckBounds(ChildOrder asked, SwarmAllowance allowance)
    {
        int count = asked.Count;
        if (count > allowance.Children)
        {
            throw new AgentException(
                ErrorCode.SwarmBoundReached,
                $"This call may start {allowance.Children} sub-agents at the most and asks for {count}: the tree's bound on sub-agents would be passed. "
                + (allowance.Children == 0
                    ? "Go on with what you have."
                    : "Ask for fewer, each with a larger part of the work."));
        }

        Budget free = asked.IsAnswer || asked.Ask is not null ? allowance.Left : SwarmGrants.PartForDetached(allowance.Left);
        if (free.Steps is { } steps && steps < 2 * count)
        {
            throw new AgentException(
                ErrorCode.SwarmBoundReached,
                $"{steps} steps can be given away, and a sub-agent needs 2 at the least: {count} cannot be started. Ask for fewer, or do the work yourself.");
        }

        if (asked.Ask is { } ask && ask.Times(count).LimitedBy(allowance.Left).Beyond(allowance.Left) is not null)
        {
            throw new AgentException(
                ErrorCode.SwarmBoundReached,
                $"budget: {count} sub-agents with {SwarmArguments.Words(ask)} each are more than can be given away: {SwarmArguments.Words(allowance.Left)} together. Grant each less.");
        }
    }

    private static RunRecord ChildOf(RunRecord lead, ChildKind kind, ChildOrder asked, string goal, ToolContext context,
        int? item, DateTimeOffset now) => lead with
        {
            Id = ChildName.RunId(lead.Id, ChildName.Of(context.Turn, context.Call, item)),
            Agent = asked.Agent.Name,
            DefinitionHash = kind.DefinitionHash,
            ToolsHash = kind.Tools.Hash,
            ToolSearch = kind.Tools.Search,
            AwaitedTools = kind.Awaited,
            Notes = kind.Notes,
            Model = kind.Model,
            Goal = goal,
            Acceptance = null,
            Input = null,
            Scopes = ScopeSet.Narrow(lead.Scopes, asked.Agent.Scopes),
            Priority = asked.Priority < lead.Priority ? asked.Priority : lead.Priority,
            CallbackUrl = null,
            Parent = lead.Id,
            ForkedFrom = null,
            Origin = new RunOrigin(context.Turn, context.Call, asked.IsAnswer) { Item = item, Name = asked.As },
            CreatedAt = now,
        };

    private async Task RecordAsync(RunRecord child, CancellationToken cancellationToken)
    {
        var lead = new Caller($"run:{child.Parent}");
        await admission.EnterAsync(child, lead, cancellationToken).ConfigureAwait(false);
        // A call that is made again after a crash finds the sub-agent on record, and with it the trace that it has.
        bool isTraced = RunTrace.IsOn && await runs.FindAsync(child.Id, cancellationToken).ConfigureAwait(false) is null;
        (Activity? span, child) = isTraced ? RunTrace.Begin(child) : (null, child);
        using Activity? traced = span;
        await admission.AuditAsync(child, lead, null, false, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(
            runs.AddAsync(child, cancellationToken),
            BeginAsync(child, cancellationToken)).ConfigureAwait(false);
    }

    private async Task BeginAsync(RunRecord child, CancellationToken cancellationToken)
    {
        var submitted = new JournalEvent(JournalEventTypes.RunSubmitted, child.CreatedAt)
        {
            Text = child.Goal,
            Model = child.Model,
        };
        await journal.BeginAsync(child.Id, submitted, cancellationToken).ConfigureAwait(false);
        if (child.Notes is { } notes)
        {
            var noted = new JournalEvent(JournalEventTypes.RunNoted, child.CreatedAt) { Text = string.Join(" ", notes) };
            await journal.AppendIfMissingAsync(child.Id, noted, cancellationToken).ConfigureAwait(false);
        }
    }
}

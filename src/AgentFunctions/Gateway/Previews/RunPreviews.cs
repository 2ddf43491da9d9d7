using AgentFunctions.Agents;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Gateway.Routing;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.Gateway.Previews;

/// <summary>
/// Previews submissions: which agent and model would run them, whether they would be admitted, and what the policy would decide
/// about their tools. Changes nothing.
/// </summary>
public sealed class RunPreviews
{
    private readonly SubmissionRights _rights;
    private readonly IModelCatalog _models;
    private readonly ToolCatalog _tools;
    private readonly PolicyTests _policies;
    private readonly QuotaMeter _quotas;
    private readonly KillOrderStore _kills;

    internal RunPreviews(
        SubmissionRights rights, IModelCatalog models, ToolCatalog tools, PolicyTests policies, QuotaMeter quotas,
        KillOrderStore kills) =>
        (_rights, _models, _tools, _policies, _quotas, _kills) = (rights, models, tools, policies, quotas, kills);

    /// <summary>Previews a submission.</summary>
    /// <param name="request">The submission.</param>
    /// <param name="caller">The caller that would submit it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>, <see cref="ErrorCode.AgentNotFound"/>, <see cref="ErrorCode.ModelNotFound"/>,
    /// <see cref="ErrorCode.ToolNotFound"/>: as for the submission itself.
    /// </exception>
    public async Task<RunPreview> PreviewAsync(RunRequest request, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        request.Validate();
        (Route route, AccessRuling access) = _rights.Judge(request, caller);
        AgentDefinition agent = route.Agent;
        (ModelBinding model, string? note) = _models.ResolveFor(agent.Model);
        ToolOffer offer = await _tools.ChooseAsync(agent, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        AgentTool[] granted = [.. offer.Tools.Where(tool => access.Allows(tool.Name))];
        string? refusal = access.RefusedBy is { } rule
            ? $"Rule '{rule}': {access.Reason}."
            : Refusal(request, caller, agent, access, granted);
        var run = new RunRecord
        {
            Id = "preview",
            Agent = agent.Name,
            DefinitionHash = "",
            Model = model.Name,
            Goal = request.Goal!,
            Labels = request.Labels ?? new Dictionary<string, string>(),
            Requester = caller.Id,
            CreatedAt = default,
        };
        IReadOnlyList<QuotaUse> quotas = await _quotas.LookAsync(run, cancellationToken).ConfigureAwait(false);
        return new RunPreview(agent.Name, route.Rule, model.Name, model.Profile.IsRehearsal)
        {
            Refusal = refusal ?? await StoppedAsync(run, cancellationToken).ConfigureAwait(false)
                ?? quotas.FirstOrDefault(static quota => quota.UsedUp is not null)?.UsedUp,
            Tools = refusal is null ? _policies.Decide(agent, granted, caller, request.Goal!, request.Labels) : [],
            Quotas = quotas,
            Notes =
            [
                .. note is null ? Array.Empty<string>() : [note],
                .. offer.Notes,
                .. offer.Missing.Select(static one => $"{one.Group}: {one.Reason}"),
            ],
        };
    }

    private async Task<string?> StoppedAsync(RunRecord run, CancellationToken cancellationToken) =>
        await _kills.FindAsync(run, [run.Id], null, cancellationToken).ConfigureAwait(false) is { } order
            ? $"{order.By} stopped {order.Words}; it must be released first."
            : null;

    private string? Refusal(RunRequest request, Caller caller, AgentDefinition agent, AccessRuling access, AgentTool[] granted)
    {
        try
        {
            _rights.EnsureAcceptance(request.Acceptance, caller, agent.Name, access, [.. granted.Select(ToolDeclaration.Of)]);
            return null;
        }
        catch (AgentException e) when (e.Code == ErrorCode.NotAllowed)
        {
            return e.Message;
        }
    }
}

/// <summary>Represents the preview of a submission.</summary>
/// <param name="Agent">The agent that would run it.</param>
/// <param name="RoutedBy">What found the agent; <see langword="null"/> if the submission names it.</param>
/// <param name="Model">The name of the model.</param>
/// <param name="IsRehearsal">Whether that model is the scripted rehearsal model.</param>
public sealed record RunPreview(string Agent, string? RoutedBy, string Model, bool IsRehearsal)
{
    /// <summary>
    /// Gets why the submission would be refused, with the rule; <see langword="null"/> if it would be admitted.
    /// </summary>
    public string? Refusal { get; init; }

    /// <summary>
    /// Gets the tools that the run would have, with what the policy would decide about a call without arguments.
    /// </summary>
    public IReadOnlyList<ToolVerdict> Tools { get; init; } = [];

    /// <summary>Gets the quotas that the run would count against.</summary>
    public IReadOnlyList<QuotaUse> Quotas { get; init; } = [];

    /// <summary>Gets notes about what would be left out or replaced.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Core;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Records;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>What waits for a person.</summary>
internal static class ApprovalEndpoints
{
    private const int MaxSeen = 1_000;
    private const int MaxDecided = 50;

    public static void MapApprovals(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder approvals = api.MapGroup("/approvals").WithTags("Approvals");
        approvals.MapGet("", ListAsync)
            .WithName("listApprovals")
            .WithSummary("List what waits for a person: the riskiest first, similar ones together.")
            .WithQuery("run", "Only approvals of this run, or of its tree if it is a root.")
            .WithQuery<bool>("mine", "Whether to list only what this caller may decide; false by default.")
            .Produces<ApprovalListResource>()
            .ProducesProblems(401, 403, 503);
        approvals.MapGet("/{id}", GetAsync)
            .WithName("getApproval")
            .WithSummary("Get an approval.")
            .WithDescription("Secrets in the arguments are masked, and each masked part is named. Who may decide may see them; the audit log says who did.")
            .WithQuery<bool>("reveal", "Whether to show the masked parts; false by default.")
            .Produces<ApprovalResource>()
            .ProducesProblems(401, 403, 404, 409, 503);
        approvals.MapPost("/decide", DecideSeveralAsync)
            .WithName("decideApprovals")
            .WithSummary("Approve or deny several tool calls; the answer has the outcome of each.")
            .Accepts<DecisionsSubmission>("application/json")
            .Produces<DecidedListResource>()
            .ProducesProblems(400, 401, 403, 415, 503);
        approvals.MapPost("/{id}", DecideAsync)
            .WithName("decideApproval")
            .WithSummary("Approve or deny a tool call; with arguments: approve it with those.")
            .WithDescription("With similar set, the same decision is made for those of the group that this caller may decide and could see: those that seen names, "
                + "else those that were asked no later than this one.")
            .WithHeader("Idempotency-Key",
                "1 to 200 characters that name this decision: repeated under the same key, it is made once.")
            .Accepts<DecisionSubmission>("application/json")
            .Produces<ApprovalListResource>()
            .ProducesProblems(400, 401, 403, 404, 409, 415, 503);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ApprovalService desk, CancellationToken cancellationToken)
    {
        Caller caller = http.Caller();
        string? run = http.Request.Query.Text("run");
        bool mine = http.Request.Query.Flag("mine", false);
        IReadOnlyList<Approval> waiting = await desk.ListAsync(caller, cancellationToken);
        return Answers.Json(ListOf(
            waiting.Where(one => (run is null || one.RunId == run || one.RootId == run) && (!mine || one.WhyNot(caller) is null)),
            caller));
    }

    private static async Task<IResult> DecideSeveralAsync(HttpContext http, ApprovalService desk,
        CancellationToken cancellationToken)
    {
        DecisionsSubmission said = await http.Request.ReadJsonAsync<DecisionsSubmission>(cancellationToken);
        if (said.Ids.Count is 0 or > MaxDecided)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"ids: send 1 to {MaxDecided} ids.");
        }

        var decided = new List<DecidedResource>();
        foreach (string id in said.Ids.Distinct(StringComparer.Ordinal))
        {
            try
            {
                Approval one = await desk.DecideAsync(
                    id, http.Caller(), said.Decision == Decision.Approve, said.Comment, null, said.Hashes?.GetValueOrDefault(id),
                    cancellationToken);
                decided.Add(new DecidedResource(id, true) { State = CamelCase.Of(one.State) });
            }
            catch (AgentException e) when (e.Code is ErrorCode.NotAllowed or ErrorCode.ApprovalStateForbids
                or ErrorCode.ApprovalNotFound)
            {
                decided.Add(new DecidedResource(id, false) { Code = CamelCase.Of(e.Code), Detail = e.Message });
            }
        }

        return Answers.Json(new DecidedListResource(decided));
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext http, ApprovalService desk, ApprovalHistory history, ToolSchemas schemas,
        CancellationToken cancellationToken)
    {
        Caller caller = http.Caller();
        bool reveals = http.Request.Query.Flag("reveal", false);
        Approval approval = reveals
            ? await desk.RevealAsync(id, caller, cancellationToken)
            : await desk.GetAsync(id, caller, cancellationToken);
        ApprovalResource resource = ApprovalResource.Of(approval, caller);
        return reveals ? new SecretAnswer(Answers.Json(resource)) : Answers.Json(resource with
        {
            Schema = await schemas.FindAsync(approval.RunId, approval.Tool, cancellationToken),
            History = await history.GetAsync(approval, caller, cancellationToken),
        });
    }

    private static async Task<IResult> DecideAsync(
        string id, HttpContext http, ApprovalService desk, RequestKeys keys, CancellationToken cancellationToken)
    {
        DecisionSubmission said = await http.Request.ReadJsonAsync<DecisionSubmission>(cancellationToken);
        if (said.Similar && said.Arguments is not null)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                "similar: other arguments are for one call alone; leave one of the two out.");
        }

        if (said.Seen is { } seen && (!said.Similar || seen.Count > MaxSeen))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"seen: send at most {MaxSeen} ids, and only with similar.");
        }

        Caller caller = http.Caller();
        if (said.Edits is { } edits)
        {
            if (said.Similar || said.Arguments is not null || said.Decision != Decision.Approve)
            {
                throw new AgentException(
                    ErrorCode.InvalidInput, "edits: use them only to approve one call. Leave out arguments and similar.");
            }

            said = said with { Arguments = await desk.MergeAsync(id, caller, edits, said.CallHash, cancellationToken) };
        }

        var request = KeyedRequest.Of(
            caller.Id, http.Request.Headers.Single("Idempotency-Key"), "decision", id, said.Decision.ToString(), said.Comment,
            said.Arguments?.GetRawText(),
            said.Similar ? said.Seen is null ? "similar" : $"similar {string.Join(' ', said.Seen)}" : null);
        IReadOnlyList<Approval> decided = await keys.OnceAsync(
            request, id,
            claim => DecideAllAsync(id, said, caller, claim, desk, cancellationToken),
            async () => [await desk.GetAsync(id, caller, cancellationToken)],
            cancellationToken);
        return Answers.Json(ListOf(decided, caller));
    }

    private static async Task<IReadOnlyList<Approval>> DecideAllAsync(
        string id, DecisionSubmission said, Caller caller, ClaimedRequest claim, ApprovalService desk,
        CancellationToken cancellationToken)
    {
        bool approves = said.Decision == Decision.Approve;
        Approval? before = claim.IsResumed && said.Arguments is not null ? await desk.GetAsync(id, caller, cancellationToken) : null;
        bool isMade = before?.Edited is { } edited && JsonElement.DeepEquals(edited, said.Arguments!.Value)
            && before.Votes.Any(vote => vote.By == caller.Id && vote.Approves == approves);
        Approval first = await desk.DecideAsync(id, caller, approves, said.Comment, isMade ? null : said.Arguments,
            said.CallHash, cancellationToken);
        // From here on it is carried through, though its caller leaves.
        claim.Begin();
        cancellationToken = CancellationToken.None;
        List<Approval> decided = [first];
        foreach (Approval other in said.Similar ? await desk.ListSimilarAsync(first, said.Seen, caller, cancellationToken) : [])
        {
            try
            {
                decided.Add(await desk.DecideAsync(other.Id, caller, approves, said.Comment, null, cancellationToken));
            }
            catch (AgentException e) when (e.Code is ErrorCode.NotAllowed or ErrorCode.ApprovalStateForbids)
            {
                // It is not for this caller to decide, or others have: the answer has only what was decided.
            }
        }

        return decided;
    }

    private static ApprovalListResource ListOf(IEnumerable<Approval> approvals, Caller caller) =>
        new([.. approvals.Select(one => ApprovalResource.Of(one, caller))]);
}

using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Views.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Pause, resume, cancel and erase several runs at once.</summary>
internal static class BulkEndpoints
{
    private const int MaxRuns = 500;
    private const int MaxReason = 1_000;
    private const int AtOnce = 8;

    public static void MapBulk(this IEndpointRouteBuilder runs) => runs.MapPost("/bulk", DoAsync)
        .WithName("changeRuns")
        .WithSummary("Pause, resume, cancel or erase several runs.")
        .WithDescription(
            "Those of `ids`, or all that match the filters of the address, if they are as many as `expect` says; at most 500. "
            + "The caller's rights are checked for each run, and a run that cannot be changed does not stop the others. Safe to repeat.")
        .WithMetadata(new RunActMetadata(RunAct.See))
        .Accepts<BulkSubmission>("application/json")
        .Produces<BulkResource>()
        .ProducesProblems(400, 401, 403, 409, 415, 503);

    private static async Task<IResult> DoAsync(
        HttpContext http, RunRows rows, RunAccess access, RunSteering steering, RunErasure erasure, CancellationToken cancellationToken)
    {
        BulkSubmission said = await http.Request.ReadJsonAsync<BulkSubmission>(cancellationToken);
        if (said.Reason?.Length > MaxReason)
        {
            throw new AgentException(ErrorCode.InvalidInput, "reason: use at most 1,000 characters.");
        }

        IReadOnlyList<string> ids = said.Ids is { } named
            ? Checked(named, said.Expect)
            : await MatchingAsync(http, said.Expect, rows, cancellationToken);
        Caller caller = http.Caller();
        var items = new BulkItemResource[ids.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, ids.Count, options, async (number, token) =>
            items[number] = await TryAsync(ids[number], () => ActAsync(said, ids[number], caller, access, steering, erasure, token)));
        return Answers.Json(new BulkResource(items.Count(static item => item.Ok), items.Count(static item => !item.Ok), items));
    }

    private static async Task ActAsync(
        BulkSubmission said, string id, Caller caller, RunAccess access, RunSteering steering, RunErasure erasure,
        CancellationToken cancellationToken)
    {
        await access.EnsureAsync(caller, id, ActOf(said.Action), cancellationToken);
        await (said.Action switch
        {
            BulkAction.Pause => steering.PauseAsync(id, caller, null, cancellationToken),
            BulkAction.Resume => steering.ResumeAsync(id, caller, null, cancellationToken),
            BulkAction.Cancel => steering.CancelAsync(id, caller, said.Reason, null, cancellationToken),
            _ => (Task)erasure.EraseAsync(new EraseRequest(id, said.Reason ?? ""), caller, cancellationToken),
        });
    }

    private static RunAct ActOf(BulkAction action) => action switch
    {
        BulkAction.Resume => RunAct.Steer,
        BulkAction.Delete => RunAct.Erase,
        _ => RunAct.Stop,
    };

    private static async Task<BulkItemResource> TryAsync(string id, Func<Task> act)
    {
        try
        {
            await act();
            return new BulkItemResource(id, true);
        }
        catch (AgentException e) when (ErrorStatus.Of(e.Code) < StatusCodes.Status500InternalServerError)
        {
            return new BulkItemResource(id, false) { Code = CamelCase.Of(e.Code), Detail = e.Message };
        }
    }

    private static string[] Checked(IReadOnlyList<string> ids, int? expect)
    {
        string[] distinct = [.. ids.Distinct(StringComparer.Ordinal)];
        return distinct.Length is 0 or > MaxRuns ? throw new AgentException(ErrorCode.InvalidInput, $"ids: send 1 to {MaxRuns} ids.")
            : expect is { } count && count != distinct.Length ? throw Other(count, distinct.Length)
            : distinct;
    }

    private static async Task<IReadOnlyList<string>> MatchingAsync(
        HttpContext http, int? expect, RunRows rows, CancellationToken cancellationToken)
    {
        if (expect is not { } count)
        {
            throw new AgentException(
                ErrorCode.InvalidInput, "expect: send the number of runs that the filters match, or send ids.");
        }

        PersonDesk desk = await PersonDesk.OfAsync(http, cancellationToken);
        RunRowPage page = await rows.ListAsync(RunRowRequest.Of(http, desk).Query, desk.Mine, 0, MaxRuns + 1, cancellationToken);
        return page.Total != count ? throw Other(count, page.Total)
            : page.Total is 0 or > MaxRuns
                ? throw new AgentException(
                    ErrorCode.InvalidInput, $"expect: the filters match {page.Total} runs. Use filters that match 1 to {MaxRuns}.")
            : [.. page.Rows.Select(static row => row.Run.Id)];
    }

    private static ProblemException Other(int expected, int found) => new(
        StatusCodes.Status409Conflict, "otherNumber",
        $"expect: there are {found} such runs now, not {expected}; nothing was done. List them again.");
}

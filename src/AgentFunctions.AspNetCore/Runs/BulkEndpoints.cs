using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Jobs;
using AgentFunctions.Runs;
using AgentFunctions.Views.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Pause, resume, cancel and erase several runs at once, while one waits or in the background.</summary>
internal static class BulkEndpoints
{
    private const int MaxRuns = 500;
    private const int MaxReason = 1_000;
    private const int AtOnce = 8;

    /// <summary>The preference of RFC 7240 for an answer before the work is done.</summary>
    private const string Background = "respond-async";

    public static void MapBulk(this IEndpointRouteBuilder runs) => runs.MapPost("/bulk", DoAsync)
        .WithName("changeRuns")
        .WithSummary("Pause, resume, cancel or erase several runs.")
        .WithDescription(
            "Those of `ids`, or all that match the filters of the address, if they are as many as `expect` says; at most 500, in the background 2,000. "
            + "The caller's rights are checked for each run, and a run that cannot be changed does not stop the others. Safe to repeat.")
        .WithMetadata(new RunActMetadata(RunAct.See))
        .WithHeader(
            WaitPreference.Header,
            "`respond-async` does it in the background: 202 with a job, which goes on after a restart of the host and is kept for a week.")
        .Accepts<BulkSubmission>("application/json")
        .Produces<BulkResource>()
        .Produces<JobResource>(StatusCodes.Status202Accepted)
        .ProducesProblems(400, 401, 403, 409, 415, 503);

    public static void MapJobs(this IEndpointRouteBuilder api) => api.MapGet("/jobs/{id}", GetAsync)
        .WithTags("Runs")
        .WithName("getJob")
        .WithSummary("How far an action on several runs has come, and what came of it for each of them.")
        .WithDescription("For who asked for it and for who sees all runs.")
        .Produces<JobResource>()
        .ProducesProblems(401, 404, 503);

    private static async Task<IResult> GetAsync(string id, HttpContext http, RunJobs jobs, CancellationToken cancellationToken) =>
        Answers.Json(JobResource.Of(await jobs.GetAsync(id, http.Caller(), cancellationToken), http.Root()));

    private static async Task<IResult> DoAsync(HttpContext http, RunRows rows, RunActs acts, RunJobs jobs,
        CancellationToken cancellationToken)
    {
        bool isBackground = http.Request.Headers.GetCommaSeparatedValues(WaitPreference.Header)
            .Any(static preference => preference.Split(';')[0].Trim().Equals(Background, StringComparison.OrdinalIgnoreCase));
        int most = isBackground ? RunJobs.MaxRuns : MaxRuns;
        BulkSubmission said = await http.Request.ReadJsonAsync<BulkSubmission>(cancellationToken);
        if (said.Reason?.Length > MaxReason)
        {
            throw new AgentException(ErrorCode.InvalidInput, "reason: use at most 1,000 characters.");
        }

        IReadOnlyList<string> ids = said.Ids is { } named
            ? Checked(named, said.Expect, most)
            : await MatchingAsync(http, said.Expect, most, rows, cancellationToken);
        Caller caller = http.Caller();
        RunsAction action = ActionOf(said.Action);
        if (isBackground)
        {
            JobResource job = JobResource.Of(await jobs.StartAsync(action, ids, caller, said.Reason, cancellationToken),
                http.Root());
            http.Response.Headers.Location = job.Self;
            http.Response.Headers[WaitPreference.AppliedHeader] = Background;
            return Answers.Json(job, StatusCodes.Status202Accepted);
        }

        var items = new BulkItemResource[ids.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, ids.Count, options, async (number, token) =>
            items[number] = await TryAsync(ids[number], () => acts.DoAsync(action, ids[number], caller, said.Reason, token)));
        return Answers.Json(new BulkResource(items.Count(static item => item.Ok), items.Count(static item => !item.Ok), items));
    }

    private static RunsAction ActionOf(BulkAction action) => action switch
    {
        BulkAction.Pause => RunsAction.Pause,
        BulkAction.Resume => RunsAction.Resume,
        BulkAction.Cancel => RunsAction.Cancel,
        _ => RunsAction.Erase,
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

    private static string[] Checked(IReadOnlyList<string> ids, int? expect, int most)
    {
        string[] distinct = [.. ids.Distinct(StringComparer.Ordinal)];
        return distinct.Length == 0 || distinct.Length > most
            ? throw new AgentException(ErrorCode.InvalidInput, $"ids: send 1 to {most} ids.")
            : expect is { } count && count != distinct.Length ? throw Other(count, distinct.Length)
            : distinct;
    }

    private static async Task<IReadOnlyList<string>> MatchingAsync(
        HttpContext http, int? expect, int most, RunRows rows, CancellationToken cancellationToken)
    {
        if (expect is not { } count)
        {
            throw new AgentException(
                ErrorCode.InvalidInput, "expect: send the number of runs that the filters match, or send ids.");
        }

        PersonDesk desk = await PersonDesk.OfAsync(http, cancellationToken);
        RunRowPage page = await rows.ListAsync(RunRowRequest.Of(http, desk).Query, desk.Mine, 0, most + 1, cancellationToken);
        return page.Total != count ? throw Other(count, page.Total)
            : page.Total is 0 || page.Total > most
                ? throw new AgentException(
                    ErrorCode.InvalidInput, $"expect: the filters match {page.Total} runs. Use filters that match 1 to {most}.")
            : [.. page.Rows.Select(static row => row.Run.Id)];
    }

    private static ProblemException Other(int expected, int found) => new(
        StatusCodes.Status409Conflict, "otherNumber",
        $"expect: there are {found} such runs now, not {expected}; nothing was done. List them again.");
}

using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Governance.Redaction;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What runs changed in their folders, and the way back.</summary>
internal static class FolderEndpoints
{
    public static void MapFolders(this IEndpointRouteBuilder runs)
    {
        runs.MapGet("/{id}/changes", ChangesAsync)
            .WithName("listChanges")
            .WithSummary("List what a run and its sub-agents changed in their folder.")
            .WithQuery("turn", "Only this turn of the run.", 0, int.MaxValue)
            .Produces<ChangesResource>()
            .ProducesProblems(400, 401, 403, 404, 410, 503);
        runs.MapGet("/{id}/files", FilesAsync)
            .WithName("listFiles")
            .WithSummary("List the files of a run's folder at the end of a turn, as far as they are known.")
            .WithQuery("turn", "The turn; by default the last. 0 is the time before the first.", 0, int.MaxValue)
            .Produces<FilesResource>()
            .ProducesProblems(400, 401, 403, 404, 410, 503);
        runs.MapGet("/{id}/files/{sha256}", ContentAsync)
            .WithName("getFileContent")
            .WithSummary("Download the content of a file of a run's folder as it was kept, by its SHA-256.")
            .WithDescription("The hash is that of `files` or `changes`. Secrets are masked. A browser follows it with a ticket.")
            .Produces<byte[]>(200, "application/octet-stream")
            .ProducesProblems(401, 403, 404, 410, 503);
        runs.MapPost("/{id}/workspace/restore", RestoreAsync)
            .WithName("restoreWorkspace")
            .WithSummary("Bring the folder of a run back to how it was at the end of a turn.")
            .WithDescription(
                "For a run that is paused or has ended. Of a sub-agent only what it did is undone. What others have changed since is kept and named, unless "
                + "`overwrite` is set. What stands there is kept before: going back to the last turn undoes a restore. Effects outside the folder stay done.")
            .Accepts<RestoreSubmission>("application/json")
            .Produces<RestoreResource>()
            .ProducesProblems(400, 401, 403, 404, 409, 410, 415, 503);
        runs.MapPost("/{id}/rewind", RewindAsync)
            .WithName("rewindRun")
            .WithSummary("Go back to a turn of a run: its folder, its conversation, or both.")
            .WithDescription(
                "With the conversation, the run ends as cancelled and a new one goes on from the turn in the same folder; each names the other. What has "
                + "happened stays on record, and effects outside the folder stay done.")
            .WithHeader("Idempotency-Key",
                "1 to 200 characters that name this request: repeated under the same key, it is carried out once.")
            .Accepts<RewindSubmission>("application/json")
            .Produces<RewindResource>(StatusCodes.Status202Accepted)
            .ProducesProblems(400, 401, 403, 404, 409, 410, 415, 429, 503);
    }

    private static async Task<IResult> ChangesAsync(string id, HttpContext http, RunFolder folder,
        CancellationToken cancellationToken) =>
        Answers.Json(ChangesResource.Of(await folder.ChangesAsync(id, TurnOf(http), cancellationToken)));

    private static async Task<IResult> FilesAsync(string id, HttpContext http, RunFolder folder,
        CancellationToken cancellationToken) =>
        Answers.Json(FilesResource.Of(await folder.FilesAsync(id, TurnOf(http), cancellationToken)));

    private static async Task<IResult> ContentAsync(
        string id, string sha256, RunFolder folder, Redactor redactor, CancellationToken cancellationToken)
    {
        KeptFile file = await folder.FindContentAsync(id, sha256, cancellationToken)
            ?? throw new AgentException(
                ErrorCode.ArtifactNotFound,
                $"sha256: the folder of run '{id}' had no such file, or its content was not kept. "
                + $"GET /api/runs/{id}/files lists the files.");
        string name = file.Path[(file.Path.LastIndexOf('/') + 1)..];
        return new FileDownload(redactor.RedactJson(file.Content), "application/octet-stream", name);
    }

    private static async Task<IResult> RestoreAsync(string id, HttpContext http, RunFolder folder,
        CancellationToken cancellationToken)
    {
        RestoreSubmission submission = await http.Request.ReadJsonAsync<RestoreSubmission>(cancellationToken);
        return Answers.Json(RestoreResource.Of(await folder.RestoreAsync(id, submission.ToRequest(), http.Caller(),
            cancellationToken)));
    }

    private static async Task<IResult> RewindAsync(
        string id, HttpContext http, RunRewind rewind, RunResources resources, CancellationToken cancellationToken)
    {
        RewindSubmission submission = await http.Request.ReadJsonAsync<RewindSubmission>(cancellationToken);
        RewindReport report = await rewind.RewindAsync(
            id, submission.ToRequest(), http.Caller(), http.Request.Headers.Single("Idempotency-Key"), cancellationToken);
        var answer = new RewindResource(resources.Of(report.Run, http.Root()), report.Files is null
            ? null
            : RestoreResource.Of(report.Files));
        http.Response.Headers.Location = answer.Run.Links.Self;
        return Answers.Json(answer, StatusCodes.Status202Accepted);
    }

    private static int? TurnOf(HttpContext http) => http.Request.Query.Number("turn", 0, int.MaxValue);
}

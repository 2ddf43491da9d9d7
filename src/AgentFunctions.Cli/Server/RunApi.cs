using System.Net.Http.Json;
using AgentFunctions.AspNetCore.Agents;
using AgentFunctions.AspNetCore.Gateway;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;

namespace AgentFunctions.Cli.Server;

/// <summary>What can be asked of a server about its runs, its agents and its policy.</summary>
internal static class RunApi
{
    public static Task<RunResource> SubmitAsync(
        this ApiClient client, RunSubmission submission, string? key, CancellationToken cancellationToken) =>
        client.SendAsync<RunResource>(HttpMethod.Post, "/api/runs", Json(submission), cancellationToken, key: key);

    /// <summary>Lists runs, newest first.</summary>
    /// <param name="client">The server.</param>
    /// <param name="query">The filters.</param>
    /// <param name="limit">The most runs.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public static Task<RunListResource> ListAsync(this ApiClient client, RunQuery query, int limit,
        CancellationToken cancellationToken) =>
        client.SendAsync<RunListResource>(HttpMethod.Get, $"/api/runs?limit={limit}{query}", null, cancellationToken);

    public static Task<RunRowListResource> RowsAsync(this ApiClient client, RunQuery query, int limit,
        CancellationToken cancellationToken) =>
        client.SendAsync<RunRowListResource>(HttpMethod.Get, $"/api/runs/rows?sort=updated&limit={limit}{query}", null,
            cancellationToken);

    public static Task<InboxResource> InboxAsync(this ApiClient client, CancellationToken cancellationToken) =>
        client.SendAsync<InboxResource>(HttpMethod.Get, "/api/inbox", null, cancellationToken);

    /// <summary>Asks a run to do something.</summary>
    /// <param name="client">The server.</param>
    /// <param name="id">The run.</param>
    /// <param name="what">The last part of the address, such as <c>pause</c>.</param>
    /// <param name="body">What is sent with it; <see langword="null"/> for nothing.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the run may have been asked.</param>
    public static Task<RunResource> SteerAsync<T>(this ApiClient client, string id, string what, T? body,
        CancellationToken cancellationToken) =>
        client.SendAsync<RunResource>(
            HttpMethod.Post, $"{ApiClient.PathOf(id)}/{what}", body is null ? null : Json(body), cancellationToken);

    public static Task<TranscriptResource> TranscriptAsync(
        this ApiClient client, string id, string query, CancellationToken cancellationToken) =>
        client.SendAsync<TranscriptResource>(HttpMethod.Get, $"{ApiClient.PathOf(id)}/transcript?limit=200{query}", null,
            cancellationToken);

    public static Task<ArtifactListResource> ArtifactsAsync(this ApiClient client, string id,
        CancellationToken cancellationToken) =>
        client.SendAsync<ArtifactListResource>(HttpMethod.Get, $"{ApiClient.PathOf(id)}/artifacts", null, cancellationToken);

    public static Task DownloadArtifactAsync(
        this ApiClient client, string id, string name, Stream output, CancellationToken cancellationToken) =>
        client.DownloadAsync($"{ApiClient.PathOf(id)}/artifacts/{Uri.EscapeDataString(name)}", output, cancellationToken);

    public static Task<AgentListResource> AgentsAsync(this ApiClient client, CancellationToken cancellationToken) =>
        client.SendAsync<AgentListResource>(HttpMethod.Get, "/api/agents", null, cancellationToken);

    public static Task<KeyListResource> KeysAsync(this ApiClient client, CancellationToken cancellationToken) =>
        client.SendAsync<KeyListResource>(HttpMethod.Get, "/api/keys", null, cancellationToken);

    public static Task<NewKeyResource> AddKeyAsync(this ApiClient client, KeySubmission key,
        CancellationToken cancellationToken) =>
        client.SendAsync<NewKeyResource>(HttpMethod.Post, "/api/keys", Json(key), cancellationToken);

    public static Task RemoveKeyAsync(this ApiClient client, string name, CancellationToken cancellationToken) =>
        client.SendAsync(HttpMethod.Delete, $"/api/keys/{Uri.EscapeDataString(name)}", cancellationToken);

    public static Task<PolicyResource> PolicyAsync(this ApiClient client, CancellationToken cancellationToken) =>
        client.SendAsync<PolicyResource>(HttpMethod.Get, "/api/policy", null, cancellationToken);

    public static Task<VerdictResource> TestPolicyAsync(
        this ApiClient client, PolicyTestSubmission call, CancellationToken cancellationToken) =>
        client.SendAsync<VerdictResource>(HttpMethod.Post, "/api/policy/test", Json(call), cancellationToken);

    private static JsonContent Json<T>(T body) => JsonContent.Create(body, options: ApiJson.Options);
}

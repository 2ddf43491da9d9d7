using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Views.Runs;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Represents one thing of a list that is watched.</summary>
/// <param name="Key">What tells it from the others.</param>
/// <param name="Name">The name of its event.</param>
/// <param name="Json">Its value, with secrets masked.</param>
internal sealed record WatchedPart(string Key, string Name, string Json);

/// <summary>
/// Looks for those who watch lists: what waits for people is read once for all of them, a list once for all who see the same.
/// </summary>
internal sealed class WatchLooks(IServiceProvider services, RunRows rows, Redactor redactor, TimeProvider time)
{
    /// <summary>How long a list is kept that nobody watches any more.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly SharedLook<OpenWork> _open = new(time);
    private readonly Dictionary<string, SharedLook<IReadOnlyList<WatchedPart>>> _lists = new(StringComparer.Ordinal);

    /// <summary>Gets what waits for the caller of a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<PersonDesk> DeskAsync(HttpContext http, CancellationToken cancellationToken) => PersonDesk.Of(
        http, await _open.GetAsync(() => OpenWork.ReadAsync(services, null, CancellationToken.None), cancellationToken));

    /// <summary>Lists what a request asks for.</summary>
    /// <param name="http">The request.</param>
    /// <param name="desk">What waits for its caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<IReadOnlyList<WatchedPart>> ListAsync(HttpContext http, PersonDesk desk, CancellationToken cancellationToken)
    {
        RunRowRequest request = RunRowRequest.Of(http, desk);
        return LookOf(KeyOf(http, desk)).GetAsync(() => ReadAsync(request, desk), cancellationToken);
    }

    private async Task<IReadOnlyList<WatchedPart>> ReadAsync(RunRowRequest request, PersonDesk desk)
    {
        RunRowPage page = await rows.ListAsync(request.Query, desk.Mine, request.From, request.Limit, CancellationToken.None);
        var list = RunRowListResource.Of(page, desk.Mine, desk.Tools);
        return
        [
            .. list.Runs.Select(row => Part($"run:{row.Id}", "run.changed", row)),
            Part("counts", "counts", new WatchCountsResource(list.Counts, list.Total)),
        ];
    }

    /// <summary>Makes a part of a value.</summary>
    public WatchedPart Part<T>(string key, string name, T value) =>
        new(key, name, redactor.RedactJson(JsonSerializer.Serialize(value, ApiJson.Options))!);

    private SharedLook<IReadOnlyList<WatchedPart>> LookOf(string key)
    {
        lock (_gate)
        {
            if (!_lists.TryGetValue(key, out SharedLook<IReadOnlyList<WatchedPart>>? look))
            {
                foreach ((string old, _) in _lists.Where(static list => list.Value.Age > Kept).ToArray())
                {
                    _lists.Remove(old);
                }

                _lists[key] = look = new SharedLook<IReadOnlyList<WatchedPart>>(time);
            }

            return look;
        }
    }

    /// <summary>What tells two lists apart: whose runs, which filters, and what their readers may answer.</summary>
    private static string KeyOf(HttpContext http, PersonDesk desk)
    {
        Caller caller = http.Caller();
        byte[] mine = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', desk.Mine.Order(StringComparer.Ordinal))));
        string whose = RunAccessFilter.SeesAll(caller) ? "all" : $"of {caller.Id}";
        return $"{whose}\n{http.Request.QueryString.Value}\n{Convert.ToHexString(mine)}";
    }
}

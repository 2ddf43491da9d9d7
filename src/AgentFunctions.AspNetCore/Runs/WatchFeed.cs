using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Views.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>
/// A list of runs and what waits for its reader, as they change. Those who watch the same host share its reads of the index.
/// </summary>
internal sealed class WatchFeed(HttpContext http, bool isInboxAlone)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly RunRows _rows = http.RequestServices.GetRequiredService<RunRows>();
    private readonly Redactor _redactor = http.RequestServices.GetRequiredService<Redactor>();
    private readonly TimeProvider _time = http.RequestServices.GetRequiredService<TimeProvider>();
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);

    public async IAsyncEnumerable<byte[]> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (byte[] news in await LookAsync(cancellationToken))
            {
                yield return news;
            }

            await Task.Delay(Pause, _time, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<byte[]>> LookAsync(CancellationToken cancellationToken)
    {
        var news = new List<byte[]>();
        PersonDesk desk;
        RunRowListResource? list = null;
        try
        {
            desk = await PersonDesk.OfAsync(http, cancellationToken);
            if (!isInboxAlone)
            {
                RunRowRequest request = RunRowRequest.Of(http, desk);
                RunRowPage page = await _rows.ListAsync(request.Query, desk.Mine, request.From, request.Limit, cancellationToken);
                list = RunRowListResource.Of(page, desk.Mine, desk.Tools);
            }
        }
        catch (AgentException e) when (e.IsTransient)
        {
            // The next look is two seconds away.
            return news;
        }

        if (list is not null)
        {
            foreach (RunRowResource row in list.Runs)
            {
                Tell(news, $"run:{row.Id}", "run.changed", row);
            }

            HashSet<string> shown = [.. list.Runs.Select(static row => $"run:{row.Id}")];
            foreach (string gone in _told.Keys.Where(key => key.StartsWith("run:", StringComparison.Ordinal)
                && !shown.Contains(key)).ToArray())
            {
                _told.Remove(gone);
                news.Add(Write("run.gone",
                    JsonSerializer.Serialize(new RunGoneResource(gone["run:".Length..]), ApiJson.Options)));
            }

            Tell(news, "counts", "counts", new WatchCountsResource(list.Counts, list.Total));
        }

        Tell(news, "inbox", "inbox", desk.Inbox);
        return news;
    }

    private void Tell<T>(List<byte[]> news, string key, string name, T value)
    {
        string json = _redactor.RedactJson(JsonSerializer.Serialize(value, ApiJson.Options))!;
        if (_told.GetValueOrDefault(key) != json)
        {
            _told[key] = json;
            news.Add(Write(name, json));
        }
    }

    private static byte[] Write(string name, string json) => Encoding.UTF8.GetBytes($"event: {name}\ndata: {json}\n\n");
}

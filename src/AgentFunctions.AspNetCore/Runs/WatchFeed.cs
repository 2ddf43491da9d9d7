using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>A list of runs and what waits for its reader, as they change.</summary>
internal sealed class WatchFeed(HttpContext http, bool isInboxAlone)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly WatchLooks _looks = http.RequestServices.GetRequiredService<WatchLooks>();
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
        IReadOnlyList<WatchedPart> list;
        try
        {
            desk = await _looks.DeskAsync(http, cancellationToken);
            list = isInboxAlone ? [] : await _looks.ListAsync(http, desk, cancellationToken);
        }
        catch (AgentException e) when (e.IsTransient)
        {
            // The next look is two seconds away.
            return news;
        }

        HashSet<string> shown = [.. list.Select(static part => part.Key)];
        foreach (WatchedPart part in list.Where(static part => part.Key != "counts"))
        {
            Tell(news, part);
        }

        foreach (string gone in _told.Keys.Where(key => key.StartsWith("run:", StringComparison.Ordinal)
            && !shown.Contains(key)).ToArray())
        {
            _told.Remove(gone);
            news.Add(Write("run.gone", JsonSerializer.Serialize(new RunGoneResource(gone["run:".Length..]), ApiJson.Options)));
        }

        foreach (WatchedPart part in list.Where(static part => part.Key == "counts"))
        {
            Tell(news, part);
        }

        Tell(news, _looks.Part("inbox", "inbox", desk.Inbox));
        return news;
    }

    private void Tell(List<byte[]> news, WatchedPart part)
    {
        if (_told.GetValueOrDefault(part.Key) != part.Json)
        {
            _told[part.Key] = part.Json;
            news.Add(Write(part.Name, part.Json));
        }
    }

    private static byte[] Write(string name, string json) => Encoding.UTF8.GetBytes($"event: {name}\ndata: {json}\n\n");
}

using AgentFunctions.Core.Text;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>The questions of a server to a person. Nobody can be asked yet, so each is cancelled, and the model is told.</summary>
internal sealed class McpQuestions
{
    private const int MostKept = 8;
    private const int MostCharacters = 500;

    private readonly Lock _gate = new();
    private readonly Queue<(long Number, string Text)> _last = new();
    private long _count;

    /// <summary>Gets how many have come: a mark for <see cref="Since"/>.</summary>
    public long Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>Cancels a question.</summary>
    public ValueTask<ElicitResult> CancelAsync(ElicitRequestParams? question, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _last.Enqueue((++_count, TextCut.Shorten((question?.Message ?? "").ReplaceLineEndings(" "), MostCharacters)));
            if (_last.Count > MostKept)
            {
                _last.Dequeue();
            }
        }

        return ValueTask.FromResult(new ElicitResult { Action = "cancel" });
    }

    /// <summary>Says what was asked since a mark; <see langword="null"/> if nothing was.</summary>
    /// <param name="mark">The mark.</param>
    public string? Since(long mark)
    {
        lock (_gate)
        {
            string[] asked = [.. _last.Where(one => one.Number > mark).Select(static one => $"'{one.Text}'").Distinct()];
            return asked.Length == 0 ? null
                : $"[Meanwhile the server asked for input ({string.Join(", ", asked)}). As nobody here can be asked, this was cancelled. "
                    + "Give what it needs with the arguments, or do without this call.]";
        }
    }
}

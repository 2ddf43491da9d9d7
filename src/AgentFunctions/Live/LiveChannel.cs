using System.Text;
using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Live;

/// <summary>One text of an answer that is under way: what of it can be shown, and the end of that.</summary>
/// <param name="redactor">Takes the secrets out.</param>
/// <param name="longest">The most UTF-16 units of it that are kept.</param>
internal sealed class LiveChannel(Redactor redactor, int longest)
{
    private readonly PartialText _text = new(redactor);
    private readonly StringBuilder _shown = new();
    private long _from;

    /// <summary>Gets whether what was shown must be taken back.</summary>
    public bool IsBroken => _text.IsBroken;

    /// <summary>Gets what is shown.</summary>
    public LiveSpan Span { get; private set; } = LiveSpan.Empty;

    /// <summary>Adds what came.</summary>
    /// <param name="piece">The piece.</param>
    public void Add(string piece) => _text.Add(piece);

    /// <summary>Shows what can be shown now.</summary>
    /// <param name="isLast">Whether the text is whole.</param>
    /// <returns>Whether anything is new.</returns>
    public bool Settle(bool isLast)
    {
        string added = _text.Take(isLast);
        if (added.Length == 0)
        {
            return false;
        }

        _shown.Append(added);
        int over = _shown.Length - longest;
        if (over > 0)
        {
            over += char.IsLowSurrogate(_shown[over]) ? 1 : 0;
            _shown.Remove(0, over);
            _from += over;
        }

        Span = new LiveSpan(_from, _shown.ToString());
        return true;
    }
}

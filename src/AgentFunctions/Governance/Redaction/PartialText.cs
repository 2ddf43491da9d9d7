using System.Text;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// A text that is still being written, as far as it may be shown: what could be the beginning of a secret is held back until it
/// is known to be none. What was shown is a beginning of what <see cref="Redactor.Redact(string?)"/> makes of the whole text.
/// </summary>
internal sealed class PartialText(Redactor redactor)
{
    /// <summary>From this length on what is settled is let go of, in bytes.</summary>
    private const int WindowBytes = 1024;

    /// <summary>A window that cannot be let go of is looked at only when it has grown by a part of itself.</summary>
    private const int LargeWindow = 64 * 1024;

    // What neither an escape nor a credential has in it, and no decoder joins to what stands beside it.
    private const string Clean = " \t\r\n,{}()[]:<>";

    private readonly StringBuilder _window = new();
    private string _shown = "";
    private int _looked;

    /// <summary>Gets whether something that was shown must not have been: a secret became known meanwhile.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Adds what came.</summary>
    /// <param name="piece">The piece of the text; it may be cut anywhere.</param>
    public void Add(string piece) => _window.Append(piece);

    /// <summary>Takes what may be shown beyond what was shown before.</summary>
    /// <param name="isLast">Whether the text is whole.</param>
    public string Take(bool isLast)
    {
        if (IsBroken || (!isLast
            && (_window.Length == _looked || (_looked > LargeWindow && _window.Length - _looked < _looked / 8))))
        {
            return "";
        }

        _looked = _window.Length;
        string text = _window.ToString();
        text = Surrogates.Mend(!isLast && text.Length > 0 && char.IsHighSurrogate(text[^1]) ? text[..^1] : text);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        IReadOnlyList<SecretMask> masks = redactor.FindInPart(bytes, isLast, out int settled);
        string shown = Encoding.UTF8.GetString(Redactor.Show(bytes.AsMemory(0, settled),
            [.. masks.TakeWhile(mask => mask.End <= settled)]).Span);
        if (!shown.StartsWith(_shown, StringComparison.Ordinal))
        {
            IsBroken = true;
            return "";
        }

        string added = shown[_shown.Length..];
        _shown = shown;
        if (!isLast && settled > WindowBytes)
        {
            LetGo(bytes, masks, settled);
        }

        return added;
    }

    /// <summary>Forgets what nothing that comes can change.</summary>
    private void LetGo(byte[] bytes, IReadOnlyList<SecretMask> masks, int settled)
    {
        // What stands between the marks of a block that is no key is looked at as one.
        int end = settled - CredentialShapes.LongestBlock;
        int block = end < 0
            ? bytes.AsSpan(0, settled).IndexOf("-----BEGIN"u8)
            : bytes.AsSpan(end, settled - end).IndexOf("-----BEGIN"u8);
        int at = block < 0 ? settled : block + Math.Max(0, end);
        while (at > 0 && (!Clean.Contains((char)bytes[at - 1]) || masks.Any(mask => mask.Start < at && at < mask.End)))
        {
            at--;
        }

        if (at == 0)
        {
            return;
        }

        int gone = Encoding.UTF8.GetCharCount(bytes.AsSpan(0, at));
        ReadOnlyMemory<byte> seen = Redactor.Show(bytes.AsMemory(0, at), [.. masks.TakeWhile(mask => mask.End <= at)]);
        _shown = _shown[Encoding.UTF8.GetCharCount(seen.Span)..];
        _window.Remove(0, gone);
        _looked = _window.Length;
    }
}

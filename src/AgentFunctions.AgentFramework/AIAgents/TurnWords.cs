using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Represents the answer of one turn while it is written: what is shown of it, and how much of that was told.</summary>
/// <param name="turn">The turn.</param>
internal sealed class TurnWords(int turn)
{
    private readonly StringBuilder _shown = new();
    private int _told;
    private string? _unseen;
    private bool _isVoid;

    /// <summary>Gets what was told; <see langword="null"/> for nothing.</summary>
    public ToldWords? Told => _told == 0 ? null : new ToldWords(turn, _told, _unseen ?? HashOf(_shown.ToString(0, _told)));

    /// <summary>Makes the answer of which another stream told something.</summary>
    public static TurnWords Of(ToldWords before) =>
        new(before.Turn) { _told = Math.Max(0, before.Length), _unseen = before.Hash };

    /// <summary>Begins again: what was told is compared with what comes now.</summary>
    public void Reset()
    {
        _unseen = Told?.Hash;
        _shown.Clear();
    }

    /// <summary>Takes more of the answer.</summary>
    /// <param name="at">How many UTF-16 units stand before it.</param>
    /// <param name="text">What is there.</param>
    public void Grow(long at, string text)
    {
        // What stands before the part that is there must be known.
        if (_isVoid || at > _shown.Length || at + text.Length <= _shown.Length)
        {
            return;
        }

        int known = (int)(_shown.Length - at);
        if (text.AsSpan(0, known).SequenceEqual(_shown.ToString((int)at, known)))
        {
            _shown.Append(text.AsSpan(known));
        }
        else
        {
            Void();
        }
    }

    /// <summary>Gets what is shown and was not told, which then is; <see langword="null"/> for nothing.</summary>
    public string? Tell()
    {
        if (_isVoid || _shown.Length <= _told)
        {
            return null;
        }

        if (_unseen is not null && HashOf(_shown.ToString(0, _told)) != _unseen)
        {
            Void();
            return null;
        }

        string fresh = _shown.ToString(_told, _shown.Length - _told);
        (_told, _unseen) = (_shown.Length, null);
        return fresh;
    }

    /// <summary>
    /// Gets what was not told of the answer as it is recorded, and whether it stands in the place of what was told.
    /// </summary>
    public (string Words, bool Replaces) RestOf(string text) =>
        Told is not { } told ? (text, false)
        : text.Length >= told.Length && HashOf(text.AsSpan(0, told.Length)) == told.Hash ? (text[told.Length..], false)
        : (text, true);

    private void Void()
    {
        Reset();
        _isVoid = true;
    }

    private static string HashOf(ReadOnlySpan<char> text) =>
        Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(text)));
}

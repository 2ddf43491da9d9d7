using System.Buffers;

namespace AgentFunctions.Sqlite.Stores;

/// <summary>What a stream or a key may be called.</summary>
internal static class StoreNames
{
    private const int MaxLength = 512;
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/");

    /// <summary>Lets a good name pass.</summary>
    /// <param name="name">The name.</param>
    /// <param name="what">What it names, for the message.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>.</exception>
    public static string Check(string name, string what)
    {
        ArgumentNullException.ThrowIfNull(name);
        bool isGood = name.Length is > 0 and <= MaxLength
            && !name.AsSpan().ContainsAnyExcept(Allowed)
            && name[0] != '/' && name[^1] != '/' && !name.Contains("//", StringComparison.Ordinal);
        return isGood ? name : throw new AgentException(
            ErrorCode.InvalidInput,
            $"The {what} '{string.Concat(name.EnumerateRunes().Take(64))}' is none: use segments of A-Z a-z 0-9 . _ - joined by /, at most {MaxLength} characters.");
    }

    /// <summary>Lets content of a good size pass.</summary>
    /// <param name="length">How many bytes it has.</param>
    /// <param name="limit">How many it may have.</param>
    /// <param name="what">What it is, for the message.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.PayloadTooLarge"/>.</exception>
    public static void CheckSize(long length, long limit, string what)
    {
        if (length > limit)
        {
            throw new AgentException(
                ErrorCode.PayloadTooLarge,
                $"The {what} has {length:N0} bytes, the limit is {limit:N0}; keep large content as a blob.");
        }
    }
}

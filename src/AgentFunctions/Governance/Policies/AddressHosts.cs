using System.Text.RegularExpressions;

namespace AgentFunctions.Governance.Policies;

/// <summary>Finds where the addresses in a text lead, in each of the ways in which programs read them.</summary>
/// <remarks>
/// Parsers disagree about what belongs to an address. Each host that one of them would call is found: one more can only restrict,
/// since a rule that allows by hosts must fit all of them. A host that cannot be read is kept as it is written.
/// </remarks>
/// <param name="hosts">What takes the hosts.</param>
internal sealed class AddressHosts(ICollection<string> hosts)
{
    /// <summary>What ends the host and what stands before it.</summary>
    private const string PathStarts = "/\\?#";

    /// <summary>What no address holds where it stands within a text.</summary>
    private const string TextEnds = " \t\r\n\v\f\"'<>`|";

    // Linear time whatever the text: arguments are the model's, and long.
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    // Browsers' parsers, which many tools use, take any number of slashes and backslashes for two.
    private const string WebScheme = @"(?:[Hh][Tt][Tt][Pp][Ss]?|[Ww][Ss][Ss]?|[Ff][Tt][Pp]):[/\\]*";

    private const string AnyScheme = @"(?:[A-Za-z][A-Za-z0-9+.\-]{0,20}:)?//";

    private static readonly Regex WebStart = new(WebScheme, Linear);

    private static readonly Regex Start = new($"{WebScheme}|{AnyScheme}", Linear);

    private static readonly Regex Address = new($@"{AnyScheme}[^\s""'<>`|\\]+", Linear);

    /// <summary>The scheme of an address that follows at once, as in a list. No domain ends so.</summary>
    private static readonly Regex NextScheme =
        new(@"(?:[Hh][Tt][Tt][Pp][Ss]?|[Ff][Tt][Pp]|[^A-Za-z0-9][Ww][Ss][Ss]?):\z", Linear);

    private static readonly Regex Word = new(@"\A[\p{L}\p{N}_\-]*\z", Linear);

    /// <summary>Finds the hosts of a text.</summary>
    /// <param name="text">The text.</param>
    public void Find(string text)
    {
        if (!text.Contains(':', StringComparison.Ordinal) && !text.Contains("//", StringComparison.Ordinal))
        {
            return;
        }

        (int End, int Last) read = (0, 0);
        foreach (ValueMatch match in WebStart.EnumerateMatches(text))
        {
            int start = match.Index + match.Length;
            if (start >= read.End)
            {
                read = FindIn(
                    text, text[match.Index..text.IndexOf(':', match.Index)], start, read.Last, IsWord(text, match.Index));
            }
        }

        foreach (ValueMatch match in Address.EnumerateMatches(text))
        {
            int slashes = text.IndexOf("//", match.Index, StringComparison.Ordinal);
            string scheme = slashes == match.Index ? "http" : text[match.Index..(slashes - 1)];
            if (slashes == match.Index || !WebStart.IsMatch($"{scheme}:"))
            {
                FindIn(text, scheme, slashes + 2, 0, isAddress: true);
            }
        }

        FindWhole(text);
    }

    /// <summary>Reads an address that stands somewhere in a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="scheme">The scheme of the address.</param>
    /// <param name="start">Where its slashes end.</param>
    /// <param name="done">How far the text was looked through for what follows an '@'.</param>
    /// <param name="isAddress">Whether it is an address also where its host cannot be read.</param>
    /// <returns>Where its host ends, and how far the text was looked through.</returns>
    private (int End, int Last) FindIn(string text, string scheme, int start, int done, bool isAddress)
    {
        int end = EndOf(text, start, PathStarts + TextEnds);
        Read(scheme, text[start..end], isAddress, IsSlash(text, end));

        // Some parsers go on to the last '@', whatever stands before it.
        int last = done > end ? done : EndOf(text, end, "/?#\r\n");
        for (int at = IndexOfAt(text, Math.Max(end, done), last); at >= 0; at = IndexOfAt(text, at + 1, last))
        {
            string host = text[(at + 1)..EndOf(text, at + 1, $"{PathStarts}{TextEnds}@")];
            if (!Word.IsMatch(Trimmed(host)))
            {
                Read("http", host, isAddress: true, isBeforeSlash: false);
            }
        }

        return (end, last);
    }

    /// <summary>
    /// Reads a text that is an address as a whole: parsers leave out its tabs and ends of lines, and take what no address should
    /// hold.
    /// </summary>
    private void FindWhole(string text)
    {
        string whole = string.Concat(text.Split('\t', '\r', '\n'))
            .Trim([.. Enumerable.Range(0, ' ' + 1).Select(static c => (char)c)]);
        Match match = Start.Match(whole);
        if (!match.Success || whole.AsSpan(0, match.Index).ContainsAny($"{TextEnds}([{{"))
        {
            return;
        }

        int start = match.Index + match.Length;
        int end = EndOf(whole, start, PathStarts);
        string host = whole[start..end];
        host = host[(host.LastIndexOf('@') + 1)..].Trim();
        if (!host.Any(char.IsWhiteSpace))
        {
            int colon = match.Value.IndexOf(':', StringComparison.Ordinal);
            Read(colon < 0 ? "http" : match.Value[..colon], host, IsWord(whole, match.Index), IsSlash(whole, end));
        }
    }

    /// <summary>Reads what stands between the slashes of an address and its path.</summary>
    private void Read(string scheme, string authority, bool isAddress, bool isBeforeSlash)
    {
        if (isBeforeSlash && NextScheme.Match(authority) is { Success: true } next)
        {
            authority = authority[..next.Index];
        }

        string host = Trimmed(authority);
        host = host[(host.LastIndexOf('@') + 1)..];
        if (host.Length == 0 || TryRead($"{scheme}://{authority}") || TryRead($"{scheme}://{host}") || !isAddress)
        {
            return;
        }

        host = host.StartsWith('[') ? host : host.Split(':')[0];
        foreach (string part in Uri.UnescapeDataString(host).Split(['@', .. PathStarts]))
        {
            if (part.Any(char.IsLetterOrDigit))
            {
                hosts.Add(HostNames.Normal(part));
            }
        }
    }

    private bool TryRead(string address)
    {
        try
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri))
            {
                return false;
            }

            if (uri.IdnHost.Length > 0)
            {
                hosts.Add(HostNames.Normal(uri.IdnHost));
            }

            return uri.IdnHost.Length > 0 || uri.IsFile;
        }
        catch (UriFormatException)
        {
            // A host of letters that domains cannot have.
            return false;
        }
    }

    private static int EndOf(string text, int start, string ends)
    {
        int length = text.AsSpan(start).IndexOfAny(ends);
        return length < 0 ? text.Length : start + length;
    }

    /// <summary>Whether no letter stands before a scheme: what ends like one is none.</summary>
    private static bool IsWord(string text, int start) => start == 0 || !char.IsLetterOrDigit(text[start - 1]);

    /// <summary>A host without what a sentence puts behind it.</summary>
    private static string Trimmed(string host)
    {
        int end = host.Length;
        while (end > 0 && !char.IsLetterOrDigit(host[end - 1]) && host[end - 1] != ']')
        {
            end--;
        }

        return host[..end];
    }

    private static int IndexOfAt(string text, int start, int end) => start < end ? text.IndexOf('@', start, end - start) : -1;

    private static bool IsSlash(string text, int at) => at < text.Length && text[at] is '/' or '\\';
}

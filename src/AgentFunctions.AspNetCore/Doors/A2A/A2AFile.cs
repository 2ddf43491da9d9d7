using System.Text.Json.Nodes;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>A file of a message. It becomes an artifact of the run, which the agent reads with <c>recall</c>.</summary>
/// <param name="Name">The name of the artifact.</param>
/// <param name="MediaType">The media type.</param>
/// <param name="Content">The content.</param>
internal sealed record A2AFile(string Name, string MediaType, byte[] Content)
{
    private const int MostNameCharacters = 80;
    private const int MostTypeCharacters = 100;

    /// <summary>Reads a part.</summary>
    /// <param name="part">The part.</param>
    /// <param name="message">The id of its message, which no other message has.</param>
    /// <param name="number">Its number among the files of the message, from 1.</param>
    /// <exception cref="A2AException">It is not base 64.</exception>
    public static A2AFile Read(JsonObject part, string message, int number)
    {
        string text = A2AMessage.TextOf(part, "raw") ?? "";
        byte[] content = new byte[(text.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64String(text, content, out int length))
        {
            throw A2AException.Invalid("message.parts.raw: send the bytes of the file in base 64.");
        }

        string name = NameOf(A2AMessage.TextOf(part, "filename") ?? "file", MostNameCharacters);
        string type = A2AMessage.TextOf(part, "mediaType") ?? "application/octet-stream";
        return new A2AFile(
            $"{TaskFiles.Received}{NameOf(message, MostNameCharacters)}-{number}-{name}",
            type.Length <= MostTypeCharacters && !type.Any(char.IsControl)
                ? type
                : throw A2AException.Invalid("message.parts.mediaType: name a media type, such as text/plain."),
            content[..length]);
    }

    /// <summary>Makes a name of what stores take as such.</summary>
    private static string NameOf(string text, int longest)
    {
        string name = new(
            [.. text.Select(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-').TakeLast(longest)]);
        return name.Trim('.') is { Length: > 0 } trimmed ? trimmed : "file";
    }
}

using System.Text.Json;

namespace AgentFunctions.Cli.Commands;

/// <summary>Reads what is typed as name=value, or as JSON.</summary>
internal static class Pairs
{
    public static Dictionary<string, string> Read(string option, IEnumerable<string> pairs)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string pair in pairs)
        {
            string[] parts = pair.Split('=', 2);
            if (parts.Length < 2 || parts[0].Length == 0)
            {
                throw new AgentException(ErrorCode.InvalidInput, $"{option}: '{pair}' is not name=value.");
            }

            if (!found.TryAdd(parts[0], parts[1]))
            {
                throw new AgentException(ErrorCode.InvalidInput, $"{option}: '{parts[0]}' is there twice; name it once.");
            }
        }

        return found;
    }

    public static JsonElement Json(string option, string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{option}: this is no JSON: {e.Message}", e);
        }
    }
}

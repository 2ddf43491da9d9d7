using AgentFunctions.Core.Text;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>Passes on text that comes in pieces: a surrogate pair that was cut between two of them is joined again.</summary>
internal sealed class TextJoint
{
    private string _held = "";

    /// <summary>Takes a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <returns>What can be passed on.</returns>
    public string Add(string piece)
    {
        string text = _held + piece;
        bool isCut = text.Length > 0 && char.IsHighSurrogate(text[^1]);
        _held = isCut ? text[^1..] : "";
        return Surrogates.Mend(isCut ? text[..^1] : text);
    }

    /// <summary>Ends the text.</summary>
    /// <returns>What was held back.</returns>
    public string End()
    {
        string rest = Surrogates.Mend(_held);
        _held = "";
        return rest;
    }
}

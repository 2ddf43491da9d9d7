using System.Text;
using AgentFunctions.Models;

namespace AgentFunctions.Live;

/// <summary>Tells what a model says from what it thinks, where both come in one text: as what is recorded will have it.</summary>
internal sealed class LiveWords
{
    private readonly StringBuilder _came = new();
    private int _looked;
    private bool _isPlain;
    private string _said = "";
    private string _thought = "";

    /// <summary>Gets whether words that were passed on turned out to be thoughts.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Adds what came.</summary>
    /// <param name="piece">The piece.</param>
    public void Add(string piece) => _came.Append(piece);

    /// <summary>Passes on what is new.</summary>
    /// <param name="words">Gets what is said.</param>
    /// <param name="thoughts">Gets what is thought.</param>
    /// <param name="isLast">Whether the text is whole.</param>
    public void Take(LiveChannel words, LiveChannel thoughts, bool isLast)
    {
        if (_came.Length == _looked)
        {
            return;
        }

        string came = _came.ToString(_looked, _came.Length - _looked);
        string end = _came.ToString(Math.Max(0, _looked - Thoughts.LongestMark),
            _came.Length - Math.Max(0, _looked - Thoughts.LongestMark));
        _looked = _came.Length;
        if (_isPlain && !Thoughts.MayEndIn(end))
        {
            words.Add(came);
            return;
        }

        string text = _came.ToString();
        if (_isPlain)
        {
            IsBroken = Thoughts.Split(text).Words != text;
            words.Add(IsBroken ? "" : came);
            return;
        }

        if (!isLast && Thoughts.MayBegin(text))
        {
            return;
        }

        (string thought, string said) = Thoughts.Split(text);
        thought = isLast || said.Length > 0 ? thought : Thoughts.WithoutHalfMark(thought);
        IsBroken |= !said.StartsWith(_said, StringComparison.Ordinal) || !thought.StartsWith(_thought, StringComparison.Ordinal);
        if (IsBroken)
        {
            return;
        }

        words.Add(said[_said.Length..]);
        thoughts.Add(thought[_thought.Length..]);
        (_said, _thought, _isPlain) = (said, thought, thought.Length == 0 && !Thoughts.Begins(text));
    }
}

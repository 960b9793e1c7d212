/**
 * The models of the zoo as a PyTorch user would write them, for their time beside ours.
 */

/** Functions by the name of a task's kind; each returns a step, forward and backward. */
export const TORCH_MODELS = `
from torch import nn
from torch.nn import functional as F

def stepping(model, inputs, targets, classes):
    def step():
        model.zero_grad(set_to_none=False)
        F.cross_entropy(model(inputs).view(-1, classes), targets).backward()
    return step

def mlp(widths, batch):
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers += [nn.Linear(a, b)] + ([nn.ReLU()] if i + 2 < len(widths) else [])
    return stepping(nn.Sequential(*layers), torch.rand(batch, widths[0]), torch.randint(widths[-1], (batch,)), widths[-1])

def cnn(widths, image, classes, batch):
    channels, high, wide = image
    first, second, dense = widths
    def small(n):
        return ((n - 2) // 2 - 2) // 2
    model = nn.Sequential(
        nn.Conv2d(channels, first, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(second * small(high) * small(wide), dense), nn.ReLU(), nn.Linear(dense, classes),
    )
    return stepping(model, torch.rand(batch, *image), torch.randint(classes, (batch,)), classes)

class Residual(nn.Module):
    def __init__(self, a, b, stride, norm):
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(a, b, 3, stride, 1, bias=False), norm(b), nn.ReLU(), nn.Conv2d(b, b, 3, 1, 1, bias=False), norm(b)
        )
        self.stride, self.added = stride, b - a
    def forward(self, x):
        change = self.inner(x)
        if self.stride != 1:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.added // 2, self.added - self.added // 2))
        return F.relu(change + x)

def resnet(layers, width, norm, image, classes, batch):
    normed = nn.BatchNorm2d if norm == "batch" else lambda c: nn.GroupNorm(max(1, c // 8), c)
    blocks = [nn.Conv2d(image[0], width, 3, 1, 1, bias=False), normed(width), nn.ReLU()]
    for stage, factor in enumerate((1, 2, 4)):
        for i in range((layers - 2) // 6):
            halves = i == 0 and stage > 0
            blocks.append(Residual(width * factor // (2 if halves else 1), width * factor, 2 if halves else 1, normed))
    model = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, classes))
    return stepping(model, torch.rand(batch, *image), torch.randint(classes, (batch,)), classes)

class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.attended = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
    def forward(self, x):
        rows, positions, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(rows, positions, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(rows, positions, width)
        x = x + self.attended(seen)
        return x + self.narrow(F.gelu(self.wide(self.norm2(x)), approximate="tanh"))

class Transformer(nn.Module):
    def __init__(self, layers, heads, width, context, classes):
        super().__init__()
        self.symbols, self.positions = nn.Embedding(classes, width), nn.Parameter(torch.zeros(context, width))
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(layers)])
        self.norm, self.output = nn.LayerNorm(width), nn.Linear(width, classes, bias=False)
    def forward(self, x):
        return self.output(self.norm(self.blocks(self.symbols(x) + self.positions)))

def gpt(layers, heads, width, context, classes, batch):
    symbols = torch.randint(classes, (batch, context + 1))
    model = Transformer(layers, heads, width, context, classes)
    return stepping(model, symbols[:, :-1], symbols[:, 1:].reshape(-1), classes)

MODELS = {"mlp": mlp, "cnn": cnn, "resnet": resnet, "gpt": gpt}
`;

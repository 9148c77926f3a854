#!/usr/bin/python3
"""PyTorch on the convolutions (its own are those of oneDNN) and the networks of bench_images:
seconds of a training step on one thread.

usage: image_peer.py [BATCH [SIDE]]          needs Debian's python3-torch and libopenblas0-pthread
"""
import math
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
batch = int(sys.argv[1]) if len(sys.argv) > 1 else 64
side = int(sys.argv[2]) if len(sys.argv) > 2 else 28


def harmonics(t, count):
    k = math.pi * torch.arange(1, count + 1, dtype=t.dtype)
    return torch.cat([t[:, None], torch.sin(t[:, None] * k), torch.cos(t[:, None] * k)], 1)


def group_norm(channels, groups=8):
    while channels % groups:
        groups -= 1
    return nn.GroupNorm(groups, channels)


class Block(nn.Module):
    def __init__(self, cin, cout, emb, attend, heads=4):
        super().__init__()
        self.norm0, self.conv0 = group_norm(cin), nn.Conv2d(cin, cout, 3, padding=1)
        self.emb = nn.Linear(emb, 2 * cout)
        self.norm1, self.conv1 = group_norm(cout), nn.Conv2d(cout, cout, 3, padding=1)
        self.skip = nn.Conv2d(cin, cout, 1) if cin != cout else nn.Identity()
        self.attend = attend
        if attend:
            while cout % heads:
                heads -= 1
            self.heads, self.norm = heads, group_norm(cout)
            self.qkv, self.out = nn.Linear(cout, 3 * cout), nn.Linear(cout, cout)

    def forward(self, x, e):
        h = self.conv0(F.silu(self.norm0(x)))
        shift, scale = self.emb(e)[:, :, None, None].chunk(2, 1)
        h = self.conv1(F.silu(self.norm1(h) * (1 + scale) + shift))
        x = self.skip(x) + h
        if self.attend:
            b, c, hh, ww = x.shape
            x = x + self.out(attention(self.qkv(self.norm(x).flatten(2).mT), self.heads)).mT.view(b, c, hh, ww)
        return x


def attention(qkv, heads):
    b, n, w = qkv.shape
    q, k, v = qkv.view(b, n, 3, heads, w // 3 // heads).permute(2, 0, 3, 1, 4)
    weights = ((q / math.sqrt(q.shape[-1])) @ k.mT).softmax(-1)
    return (weights @ v).transpose(1, 2).reshape(b, n, w // 3)


class Unet(nn.Module):
    def __init__(self, width, multipliers, blocks=2, limit=64):
        super().__init__()
        e, c = 4 * width, [width * m for m in multipliers]
        self.t0, self.t1, self.label = nn.Linear(17, e), nn.Linear(e, e), nn.Embedding(11, e)
        self.input = nn.Conv2d(1, c[0], 3, padding=1)
        self.down, self.smaller, self.up, self.larger = (nn.ModuleList() for _ in range(4))
        left, now, size = [c[0]], c[0], side
        for level in range(len(c)):
            for _ in range(blocks):
                self.down.append(Block(now, c[level], e, size * size <= limit))
                now = c[level]
                left.append(now)
            if level + 1 < len(c):
                self.smaller.append(nn.Conv2d(now, now, 2, stride=2))
                left.append(now)
                size //= 2
        self.middle = nn.ModuleList([Block(now, now, e, size * size <= limit) for _ in range(2)])
        for level in reversed(range(len(c))):
            for _ in range(blocks + 1):
                self.up.append(Block(now + left.pop(), c[level], e, size * size <= limit))
                now = c[level]
            if level > 0:
                self.larger.append(nn.Conv2d(now, c[level - 1], 3, padding=1))
                now, size = c[level - 1], size * 2
        self.norm, self.output = group_norm(now), nn.Conv2d(now, 1, 3, padding=1)
        self.levels, self.blocks = len(c), blocks

    def forward(self, x, t, label):
        e = F.silu(self.t1(F.silu(self.t0(harmonics(t, 8)))) + self.label(label))
        h = self.input(x)
        left = [h]
        for level in range(self.levels):
            for k in range(self.blocks):
                h = self.down[level * self.blocks + k](h, e)
                left.append(h)
            if level + 1 < self.levels:
                h = self.smaller[level](h)
                left.append(h)
        for block in self.middle:
            h = block(h, e)
        for i, level in enumerate(reversed(range(self.levels))):
            for k in range(self.blocks + 1):
                h = self.up[i * (self.blocks + 1) + k](torch.cat([h, left.pop()], 1), e)
            if level > 0:
                h = self.larger[i](F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.output(F.silu(self.norm(h)))


class SitBlock(nn.Module):
    def __init__(self, w, heads):
        super().__init__()
        self.heads, self.mod = heads, nn.Linear(w, 6 * w)
        self.norm = nn.LayerNorm(w, eps=1e-6, elementwise_affine=False)
        self.qkv, self.out = nn.Linear(w, 3 * w), nn.Linear(w, w)
        self.mlp0, self.mlp1 = nn.Linear(w, 4 * w), nn.Linear(4 * w, w)

    def forward(self, x, e):
        a, b, g, c, d, h = self.mod(e)[:, None].chunk(6, -1)
        x = x + g * self.out(attention(self.qkv(self.norm(x) * (1 + b) + a), self.heads))
        return x + h * self.mlp1(F.gelu(self.mlp0(self.norm(x) * (1 + d) + c)))


class Sit(nn.Module):
    def __init__(self, w, depth, heads, patch):
        super().__init__()
        self.t0, self.t1, self.label = nn.Linear(256, w), nn.Linear(w, w), nn.Embedding(11, w)
        self.patch, self.input = patch, nn.Linear(patch * patch, w)
        self.register_buffer("place", torch.randn((side // patch) ** 2, w))
        self.blocks = nn.ModuleList([SitBlock(w, heads) for _ in range(depth)])
        self.mod, self.output = nn.Linear(w, 2 * w), nn.Linear(w, patch * patch)
        self.norm = nn.LayerNorm(w, eps=1e-6, elementwise_affine=False)

    def forward(self, x, t, label):
        f = torch.exp(-math.log(1e4) * torch.arange(128) / 128) * t[:, None]
        e = F.silu(self.t1(F.silu(self.t0(torch.cat([f.cos(), f.sin()], 1)))) + self.label(label))
        h = self.input(F.unfold(x, self.patch, stride=self.patch).mT) + self.place
        for block in self.blocks:
            h = block(h, e)
        a, b = self.mod(e)[:, None].chunk(2, -1)
        h = self.output(self.norm(h) * (1 + b) + a)
        return F.fold(h.mT, (side, side), self.patch, stride=self.patch)


for cin, cout, size in (1, 32, 28), (32, 32, 28), (32, 64, 14), (64, 64, 14), (128, 128, 7):
    best = None
    for layout in torch.contiguous_format, torch.channels_last:
        c = nn.Conv2d(cin, cout, 3, padding=1).to(memory_format=layout)
        x = torch.full((batch, cin, size, size), 0.5).to(memory_format=layout).requires_grad_()
        forward, back = [], []
        for _ in range(30):
            c.zero_grad(set_to_none=True)
            start = time.process_time()
            y = c(x)
            middle = time.process_time()
            y.backward(torch.full_like(y, 0.5))
            forward.append(middle - start)
            back.append(time.process_time() - middle)
        found = sorted(forward)[15], sorted(back)[15]
        best = min(best or found, found, key=sum)
    print(f"convolution {cin:3d} to {cout:3d}, {size:2d} x {size:2d}: forward {1e3 * best[0]:7.3f} ms, "
          f"back {1e3 * best[1]:7.3f} ms", flush=True)

networks = {
    "unet,width=24,multipliers=1:2:3": lambda: Unet(24, [1, 2, 3]),
    "unet,width=32": lambda: Unet(32, [1, 2, 2]),
    "sit": lambda: Sit(96, 6, 4, 4),
    "sit,patch=2": lambda: Sit(96, 6, 4, 2),
    "sit,size=s,patch=4,depth=4": lambda: Sit(384, 4, 6, 4),
}
data = torch.randn(512, 1, side, side)
for name, make in networks.items():
    net = make()
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)

    def step():
        x1 = data[torch.randint(512, (batch,))]
        x0, t = torch.randn_like(x1), torch.rand(batch)
        at = t[:, None, None, None]
        loss = (net((1 - at) * x0 + at * x1, t, torch.randint(10, (batch,))) - (x1 - x0)).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1)
        optimiser.step()

    step()
    times = []
    for _ in range(5):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    count = sum(p.numel() for p in net.parameters())
    print(f"{name:34s} {count:8d} parameters {1e3 * min(times):8.2f} ms a step", flush=True)
